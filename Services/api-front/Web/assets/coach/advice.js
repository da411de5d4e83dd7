// What a status means, in words: each phone's state, its clock, and what the coach should do next. Pure.

import { ago, plural, plusMinus } from "../common/words.js";

/** A device's state: `{ word, hint, tone }`. */
export function deviceState(device) {
  switch (device.state) {
    case "streaming":
      return { word: "Streaming", hint: "", tone: "good" };
    case "connected":
      return { word: "Connected, no pictures yet", hint: "Look at the phone: it may wait for its camera.", tone: "warn" };
    case "registered":
      return { word: "Joined, not connected", hint: "Keep its page open; it connects by itself.", tone: "busy" };
    case "stale":
      return {
        word: `No pictures (last ${ago(device.last_seen_ms)})`,
        hint: "Wake the phone and bring its page to the front. Nothing that was saved is lost.",
        tone: "bad",
      };
    case "gone":
      return {
        word: "Disconnected",
        hint: "Open the page on that phone again: it takes its own place. Check its Wi-Fi.",
        tone: "bad",
      };
    default:
      return { word: device.state ?? "unknown", hint: "", tone: "plain" };
  }
}

const STEADY_PPM = 200;

/** A device's clock: `{ word, hint, tone }`, the cause in words when it is not good. */
export function syncWords(sync) {
  if (!sync || sync.quality === "unknown") return { word: "measuring…", hint: "", tone: "busy" };
  const bound = plusMinus(sync.error_bound_ms);
  const cause = sync.cause
    ?? (Math.abs(sync.drift_ppm ?? 0) > STEADY_PPM
      ? "its clock runs unevenly: the phone may have slept. Keep its page in front."
      : "slow or busy Wi-Fi. Move the phone closer to the router.");
  if (sync.quality === "good") return { word: `good, ${bound}`, hint: "", tone: "good" };
  if (sync.quality === "acceptable") return { word: `fair, ${bound}`, hint: `Clock: ${cause}`, tone: "warn" };
  return { word: `poor, ${bound}`, hint: `Clock: ${cause}`, tone: "bad" };
}

/** What pictures were lost, in words; empty when none was. */
export function lossWords(device) {
  const lost = device.frames_lost ?? 0;
  if (lost === 0) return "";
  const share = (100 * lost) / Math.max(1, lost + (device.frames_recorded ?? 0));
  return `${plural(lost, "picture")} lost (${share < 0.1 ? "< 0.1" : share.toFixed(1)} %): its network was away too long.`;
}

/** The headline over the session: `{ headline, detail, tone }`. */
export function nextStep(status, { hasCode, poseRate, unassigned = 0 }) {
  const expected = status.expected_devices ?? 0;
  const devices = status.devices ?? [];
  const streaming = devices.filter((device) => device.state === "streaming").length;
  const silent = devices.filter((device) => ["stale", "gone"].includes(device.state));
  const say = (headline, detail, tone) => ({ headline, detail, tone });
  if (status.state === "ended") return say("Session ended", "Download what you need below, or delete it.", "plain");
  if (silent.length > 0) {
    const names = silent.map((device) => device.label || device.device_id).join(", ");
    return say(`${plural(silent.length, "phone")} stopped`, `Look at: ${names}. The others go on.`, "bad");
  }
  if (devices.length < expected) {
    const missing = expected - devices.length;
    return hasCode
      ? say(`${streaming} of ${plural(expected, "phone")} streaming`, `Scan the code with ${plural(missing, streaming > 0 ? "more phone" : "phone")}.`, "busy")
      : say(
          `${streaming} of ${plural(expected, "phone")} streaming`,
          `Press “New QR code” to let ${plural(missing, "more phone")} in. Phones that joined stay.`,
          "warn",
        );
  }
  if (streaming < expected) {
    return say(`${streaming} of ${plural(expected, "phone")} streaming`, streaming > 0 ? "The others are getting ready." : "The phones are getting ready.", "busy");
  }
  if (status.mode !== "3d") return say("Recording", "The phone streams.", "good");
  if (status.reconstruction && status.reconstruction.calibrated === false) {
    return say("Recording, without 3D", "Load the calibration of the cameras to see 3D poses.", "warn");
  }
  if (poseRate === 0 && unassigned > 0) {
    return say("Recording, without 3D", "Choose which phone stands for which camera of the calibration, below.", "warn");
  }
  if (poseRate === 0) return say("Recording", "All phones stream. Poses appear as soon as somebody is in view.", "busy");
  return say("Recording in 3D", `${plural(streaming, "phone")} stream.`, "good");
}
