// What the phone's page says in each state: a headline, what it means or what to do, and a tone for the colours.

import { REPLACEMENTS } from "../common/problem.js";
import { plusMinus } from "../common/words.js";

const REPLACED = "This phone streams from another tab now. Close this one, or tap “Stream from here”.";

const SCAN_ANEW = "Scan the code on the coach's screen, or type it below.";

/** What a refused code means for who holds the phone, in the words that stand on the coach's screen. */
const CODE_WORDS = {
  token_expired: `A code is good for a while only. Ask the coach for a new one. ${SCAN_ANEW}`,
  token_revoked: `The coach made a newer one, or its session is over. ${SCAN_ANEW}`,
  token_not_yet_valid: "This code is dated in the future: the clock of the coach's computer was set back. Ask for a new code.",
  token_full: "All expected phones are registered. Ask the coach to allow more, or to remove one.",
  token_already_used: "This phone's place is taken already. Reload the page on the phone that holds it.",
};

const NO_CODE = `It is not complete, or of another server. ${SCAN_ANEW}`;

/** Pure. */
const wordsFor = ({ code, message }) => CODE_WORDS[code] ?? (code.startsWith("token_") ? NO_CODE : message);

const REMOVED =
  "The coach has taken it out of the session, so it no longer films. To take part again, scan a new code or type it below.";

const UNRECORDED =
  "The coach sees this too. Keep this page open: pictures are kept on this phone for about a minute, and recording goes on "
  + "by itself when the server has room.";

/** A place that was ours and is no more: the coach removed this phone, or deleted the session. */
const isRemoval = (problem) => ["device_removed", "token_revoked"].includes(problem?.code);

const isReplacement = (problem) => REPLACEMENTS.includes(problem?.code);

const SESSION_ENDED = "You can close this page. For another session scan its code, or type it below.";

/** A code that has places left for no phone: told before the phone is promised one. Null while there are. Pure. */
export function fullness({ devices_left: left }) {
  return left === 0 ? { status: 409, code: "token_full", message: CODE_WORDS.token_full } : null;
}

/** Whether another code would help: there is none, or the one there was lets nobody in. Pure. */
export function mayTypeCode({ phase, problem }) {
  if (phase === "no_token") return true;
  const isPassed = /^(token_(?!full|already_used)|session_not_found|session_ended|device_removed)/;
  return ["refused", "stopped"].includes(phase) && isPassed.test(problem?.code ?? "");
}

/**
 * Pure. `phase`: checking, no_token, refused (with problem), ready, camera, camera_refused (with problem), joining,
 * live, finishing, stopped (with problem or null). In phase live, `link` is connecting, open or waiting, `wasOpen` says whether
 * it has been open before, and `unrecorded` is the code of what keeps pictures from the server's disk, or null. `waiting`
 * pictures are not on that disk yet when the phase is finishing; `unsaved` never got there when it is stopped.
 */
export function describe(state) {
  const { phase, problem, session, mode } = state;
  const say = (headline, detail, tone) => ({ headline, detail, tone });
  switch (phase) {
    case "checking":
      return say("Checking the code…", "This takes a moment.", "busy");
    case "no_token":
      return say(
        "Scan the coach's code",
        "Open your camera app and point it at the code on the coach's screen. If that does not work, type it here.",
        "warn",
      );
    case "refused":
      if (problem.code === "session_ended") return say("The session has ended", SESSION_ENDED, "plain");
      return say(refusalHeadline(problem), wordsFor(problem), "bad");
    case "ready":
      return say(
        "This phone becomes a camera",
        mode === "single"
          ? `It records for the session “${session}”.`
          : `It films together with the other phones of the session “${session}”.`,
        "plain",
      );
    case "camera":
      return say("Waiting for the camera…", "If your browser asks, tap Allow.", "busy");
    case "camera_refused":
      return say("No picture from the camera", problem.message, "bad");
    case "joining":
      return say("Joining the session…", "The phone is taking its place.", "busy");
    case "finishing":
      return say("Sending the last pictures…", `${toGo(state.waiting)}Keep this page open for a moment.`, "busy");
    case "stopped":
      if (isReplacement(problem)) return say("The camera runs in another tab", REPLACED, "plain");
      if (isRemoval(problem)) return say("This phone was removed", REMOVED, "bad");
      if (problem?.code === "session_ended") return say("The session has ended", SESSION_ENDED, "plain");
      if (problem) return say("Streaming has ended", wordsFor(problem), "bad");
      return state.unsaved > 0
        ? say("Stopped", `${pictures(state.unsaved)} did not get to the coach's computer. All others are saved there.`, "warn")
        : say("Stopped", "Everything that was acknowledged is saved on the coach's computer.", "plain");
    default:
      return describeLive(state, say);
  }
}

const pictures = (count) => (count === 1 ? "1 picture" : `${count} pictures`);
const toGo = (count) => (count > 0 ? `${pictures(count)} to go. ` : "");

function describeLive({ link, wasOpen = false, backlog = 0, isHidden = false, cameraLost = false, unrecorded = null }, say) {
  if (cameraLost) {
    return say("The camera stopped", "A call or another app took it. It starts again by itself when it is free.", "warn");
  }
  if (link === "connecting" && !wasOpen) {
    return say("Connecting to the server…", "Filming begins as soon as it answers. Keep this page open.", "busy");
  }
  if (link !== "open" && !wasOpen) {
    return say("Connecting to the server…", "No answer yet; the page goes on trying. Check this phone's Wi-Fi.", "warn");
  }
  if (link !== "open") {
    return say(
      "Connecting to the server again…",
      "Keep this page open. Pictures are kept on this phone meanwhile and sent as soon as the server is back.",
      "warn",
    );
  }
  if (unrecorded) {
    return say(unrecorded === "disk_full" ? "The server's disk is full" : "The server cannot record", UNRECORDED, "bad");
  }
  if (isHidden) return say("Paused", "The camera stops while this page is in the background.", "warn");
  if (backlog > 30) return say("Streaming, catching up", "The network is slow; older pictures follow.", "warn");
  return say("Streaming", "Leave the phone where it is, with this page open.", "good");
}

function refusalHeadline(problem) {
  if (problem.code === "insecure_origin") return "This page needs https://";
  if (problem.code === "page_failed") return "This page has a fault";
  if (problem.status === 0) return "The server does not answer";
  if (/expired/.test(problem.code)) return "The code has expired";
  if (problem.code === "token_revoked") return "This code is no longer valid";
  if (problem.code === "device_removed") return "This phone was removed";
  if (/full|max_devices|device_limit/.test(problem.code)) return "The session is full";
  return "This code does not work";
}

/** What the button says that begins anew. Pure. */
export function againWords({ phase, problem }) {
  if (phase !== "stopped") return "Try again";
  if (isReplacement(problem)) return "Stream from here";
  return problem ? "Try again" : "Turn the camera on again";
}

/** A code that is no good stays no good; a server that is away, or a full session, may change. Pure. */
export function canTryAgain({ phase, problem }) {
  if (phase === "camera_refused" || (phase === "stopped" && !problem)) return true;
  if (!["refused", "stopped"].includes(phase) || ["insecure_origin", "session_ended"].includes(problem.code)) return false;
  return problem.status === 0 || problem.status === 409 || problem.status >= 429;
}

/** The clock's state in words, from half the best round trip. */
export function clockWords(boundMs, quality) {
  if (boundMs === null) return "measuring…";
  return { good: `good, ${plusMinus(boundMs)}`, acceptable: `fair, ${plusMinus(boundMs)}: slow Wi-Fi` }[quality]
    ?? `poor, ${plusMinus(boundMs)}: very slow Wi-Fi`;
}

const CARRIERS = { webrtc: "WebRTC", websocket: "WebSocket", http: "single HTTP uploads" };

/** How the pictures travel, and why not a better way. */
export function carrierWords({ name, reason }) {
  if (name === null) return "not connected";
  return reason === null ? CARRIERS[name] : `${CARRIERS[name]}: ${reason}`;
}

/** Good is the best way only, and only while something goes over it. */
export function carrierTone({ name, reason }) {
  if (name === null) return "busy";
  return reason === null ? "good" : "plain";
}

/** What is filmed, in words. */
export function filmingWords({ quality, longSide, rate }, isReduced) {
  if (!isReduced) return "full quality";
  const parts = [`${Math.round(quality * 100)} % quality`];
  if (longSide < 1280) parts.push(`${longSide} pixels`);
  if (rate < 30) parts.push(`${rate} a second`);
  return `reduced for a slow network: ${parts.join(", ")}`;
}
