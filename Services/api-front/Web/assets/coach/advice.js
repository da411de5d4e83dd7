// What a status means, in words: each phone's state, its clock, and what the coach should do next. Pure.

import { ago, bytes, plural, plusMinus } from "../common/words.js";

/** Why nothing gets to disk, by code: what has happened, and what to do. */
const RECORDING_PROBLEMS = {
  disk_full: [
    "The disk is full",
    "Delete old sessions, or make room on the server's disk. Recording goes on by itself; the phones keep their pictures "
      + "for about a minute.",
  ],
  recording_failed: [
    "The server cannot write",
    "Its log says why. Recording goes on by itself when it can; the phones keep their pictures for about a minute.",
  ],
};

const recordingProblem = (device) => {
  const code = device.recording?.problem;
  return code ? (RECORDING_PROBLEMS[code] ?? RECORDING_PROBLEMS.recording_failed) : null;
};

/** Below this much room it is time to make some: four phones fill it in about ten minutes. */
const LITTLE_ROOM_BYTES = 3e9;

/** How much more can be recorded: `{ word, tone }`; null while nothing is known. */
export function roomWords(room) {
  if (room === null) return null;
  if (room === 0) return { word: "No room for recordings", tone: "bad" };
  return { word: `Room for ${bytes(room)} of recordings`, tone: room < LITTLE_ROOM_BYTES ? "warn" : "plain" };
}

/** Why a phone that was there sends nothing, and what helps; the names are those of PROTOCOL.md. */
const SILENCE = {
  silent_instance:
    "The part of the server that takes its pictures does not answer. It is restarted, or another one takes over, within "
    + "seconds: leave the phone as it is.",
  not_heard_of:
    "The server was restarted and has not heard of this phone since. If this lasts, bring the phone's page to the front.",
  no_frames: "It is connected but sends no pictures. Wake the phone and bring its page to the front.",
};

const isServersFault = (device) => device.cause === "silent_instance";

/** What to do about a phone that is stale or gone: by its cause, in the server's words for one that is not known here. */
function silenceHint(device, otherwise) {
  const { cause, reason } = device;
  if (SILENCE[cause]) return SILENCE[cause];
  return !cause || cause === "connection_closed" || !reason ? otherwise : `The server says: ${reason}. ${otherwise}`;
}

/** A device's state: `{ word, hint, tone }`; after the session's end there is nothing to do about it any more. */
export function deviceState(device, isOver = false) {
  if (isOver) return { word: "Finished", hint: "", tone: "plain" };
  const stopped = recordingProblem(device);
  if (stopped) return { word: "Not recorded", hint: `${stopped[0]}.`, tone: "bad" };
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
        hint: silenceHint(device, "Wake the phone and bring its page to the front. Nothing that was saved is lost."),
        tone: "bad",
      };
    case "gone":
      return {
        word: isServersFault(device) ? "The server does not answer for it" : "Disconnected",
        hint: silenceHint(device, "Open the page on that phone again: it takes its own place. Check its Wi-Fi."),
        tone: "bad",
      };
    default:
      return { word: device.state ?? "unknown", hint: "", tone: "plain" };
  }
}

/** Why a clock is not known better, and what helps; the names are those of PROTOCOL.md. */
const CLOCK_CAUSES = {
  slow_network: "slow or busy Wi-Fi. Move the phone closer to the router.",
  coarse_clock: "its browser rounds the time. Open the page over https://, or with another browser.",
  clock_jumped: "its clock jumped: the phone may have slept. It is measured anew; keep its page in front.",
  no_recent_exchange: "the phone has not answered for some seconds. Look at its page and its Wi-Fi.",
  page_hidden: "its page is hidden. Bring it to the front.",
  few_exchanges: "it is still being measured. Wait a few seconds.",
};

/** A device's clock: `{ word, hint, tone }`, the cause in words when it is not good. */
export function syncWords(sync) {
  if (!sync || sync.quality === "unknown") return { word: "measuring…", hint: "", tone: "busy" };
  const bound = plusMinus(sync.error_bound_ms);
  const cause = CLOCK_CAUSES[sync.cause] ?? CLOCK_CAUSES.slow_network;
  if (sync.quality === "good") return { word: `good, ${bound}`, hint: "", tone: "good" };
  if (sync.quality === "acceptable") return { word: `fair, ${bound}`, hint: `Clock: ${cause}`, tone: "warn" };
  return { word: `poor, ${bound}`, hint: `Clock: ${cause}`, tone: "bad" };
}

/** What the motion says against a phone's clock, in words; empty unless the two disagree. */
export function shiftWords(device) {
  const shift = device.time_shift;
  if (!shift?.contradicts_clock) return "";
  const way = shift.shift_ms > 0 ? "late" : "early";
  return `Its pictures seem ${Math.abs(shift.shift_ms).toFixed(0)} ms ${way} against the other phones': `
    + "check the calibration, then reload this phone's page.";
}

/** Why there are no 3D poses to download, in words; empty when there are, or when nothing is known of them. */
export function missingPoses({ state, reconstruction }) {
  if (reconstruction === null || reconstruction.poses > 0) return "";
  if (state === "ended") return "None were made: that takes a calibration, and two phones that see the athlete.";
  return reconstruction.calibrated
    ? "None yet: they are made while two phones see the athlete."
    : "None yet: they are made once the calibration of the cameras is loaded.";
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
  const [stopped] = devices.map(recordingProblem).filter(Boolean);
  if (stopped) return say(`Recording stopped: ${stopped[0].toLowerCase()}`, stopped[1], "bad");
  if (silent.length > 0) {
    const names = silent.map((device) => device.label || device.device_id).join(", ");
    if (silent.every(isServersFault)) {
      return say("A part of the server does not answer", `It takes the pictures of: ${names}. Leave the phones as they are.`, "bad");
    }
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
