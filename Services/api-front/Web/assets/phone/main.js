// The phone's page: check the code, ask for the camera, take a place in the session, stream.

import { byId, setText } from "../common/dom.js";
import { asProblem, Problem, RECORDING_PROBLEMS } from "../common/problem.js";
import { ScreenLock } from "../common/screenlock.js";
import { storageOf } from "../common/storage.js";
import { register, sessionStatus, validate } from "./api.js";
import { openCamera, sizeToSend, turnUpright } from "./camera.js";
import { setUpCodeForm } from "./code.js";
import { cameraAlreadyAllowed, guessName, metadata } from "./device.js";
import { Place } from "./place.js";
import { remember, sessionOf } from "./places.js";
import { fullness } from "./state.js";
import { Streamer } from "./streamer.js";
import { transportsFor } from "./transports/all.js";
import { showFigures, showState } from "./view.js";

const FIGURES_EVERY_MS = 500;
const CAMERA_RETRY_MS = 3000;
const LIVE = ["live", "finishing"];

const token = new URLSearchParams(location.search).get("token") ?? "";
const storage = storageOf("localStorage");
const video = byId("video");
const state = { phase: "checking", link: "connecting", problem: null, session: "", mode: "3d" };
const screenLock = new ScreenLock(() => state.phase === "live");
let place = null;
let streamer = null;
let notice = "";
let acknowledgedThen = 0;

function update(change) {
  Object.assign(state, change);
  showState(state);
}

/** Is the code good, or do we have a place already? */
async function check() {
  update({ phase: "checking", problem: null });
  if (!globalThis.isSecureContext) {
    return update({ phase: "refused", problem: new Problem({ code: "insecure_origin", message: insecureWords() }) });
  }
  if (!token) return update({ phase: "no_token" });
  try {
    const known = sessionOf(token, storage);
    if (known) {
      place = new Place(known, storage);
      if (place.registration && (await ownPlace())) return await ready();
    }
    // A registration whose answer was lost has used the code for this device; asking again completes it.
    const answer = await validate(token, place?.hasAttempted ? undefined : place?.deviceID);
    place = new Place(answer.session_id, storage);
    // A fresh code of a session that this phone was in before: its place may be good still, or not any more.
    if (place.registration && (await ownPlace())) {
      remember(token, answer.session_id, storage);
      return await ready();
    }
    const full = place.hasAttempted ? null : fullness(answer);
    if (full) throw new Problem(full);
    remember(token, answer.session_id, storage);
    update({ session: answer.session_id, mode: answer.mode });
    await ready();
  } catch (problem) {
    update({ phase: "refused", problem: asProblem(problem) });
  }
}

/** Whether the place we remember is still ours; forgets it if not. Throws what need not make us forget it. */
async function ownPlace() {
  try {
    const answer = await checkPlace();
    update({ session: answer.session_id, mode: answer.mode });
    return true;
  } catch (problem) {
    if (!isLoss(problem)) throw problem;
    lose(problem);
    return false;
  }
}

/** Whether the place is gone. After the end of a session it is kept: a reload then says why nothing streams. */
const isLoss = (problem) => problem.isFinal && problem.code !== "session_ended";

/** With an expired token it is this phone all the same, for whoever gives it a fresh code. */
function lose(problem) {
  if (problem.code === "token_expired") place.lapse();
  else place.forget();
}

/** Throws a final Problem when the server will not have us back. */
async function checkPlace() {
  const answer = await sessionStatus(place.session, place.registration.token);
  if (answer.state === "ended") {
    throw new Problem({ status: 410, code: "session_ended", message: "The coach has ended the session." });
  }
  return answer;
}

async function ready() {
  byId("label").value = place.label ?? guessName();
  update({ phase: "ready" });
  if (place.registration && (await cameraAlreadyAllowed())) await start();
}

async function start() {
  try {
    update({ phase: "camera", problem: null });
    await showCamera();
  } catch (problem) {
    return update({ phase: "camera_refused", problem: asProblem(problem) });
  }
  try {
    update({ phase: "joining" });
    if (!place.registration) await join();
  } catch (problem) {
    closeCamera();
    return update({ phase: "refused", problem: asProblem(problem) });
  }
  stream();
}

async function showCamera() {
  const stream = await openCamera();
  // The session may have ended while the browser asked.
  if (state.phase === "stopped") return stream.getTracks().forEach((track) => track.stop());
  const [track] = stream.getVideoTracks();
  track.addEventListener("ended", () => reopenCamera());
  video.srcObject = stream;
  await video.play();
  await turnUpright(track, video);
}

function closeCamera() {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
}

/** A call or another app took the camera: ask again until it is free. */
async function reopenCamera() {
  if (state.phase !== "live") return;
  update({ cameraLost: true });
  try {
    await showCamera();
    if (state.phase !== "live") return;
    streamer.resumeCapture();
    update({ cameraLost: false });
  } catch {
    setTimeout(reopenCamera, CAMERA_RETRY_MS);
  }
}

async function join() {
  const settings = video.srcObject.getVideoTracks()[0].getSettings();
  const size = sizeToSend(video.videoWidth, video.videoHeight);
  const told = metadata({ label: byId("label").value, ...size, fps: settings.frameRate });
  const answer = await register(token, place.deviceID, place.attempt, told);
  place.registration = {
    session: answer.session_id,
    device: answer.device_id,
    socket: answer.ws_url,
    token: answer.device_token,
    iceServers: answer.ice_servers,
    label: told.label,
  };
}

function stream() {
  place.hold();
  streamer = new Streamer({
    video,
    transports: transportsFor(place.registration),
    place,
    checkPlace,
    on: {
      state: (link, problem) => (link === "stopped" ? stopped(problem) : linked(link)),
      message: (message) => heard(message),
    },
  });
  notice = "";
  const isHidden = document.visibilityState === "hidden";
  update({ phase: "live", link: "connecting", wasOpen: false, cameraLost: false, unrecorded: null, isHidden });
  streamer.isLowBandwidth = byId("low-bandwidth").checked;
  streamer.start();
  if (isHidden) streamer.setHidden(true);
  screenLock.hold();
}

function linked(link) {
  update({ link, wasOpen: state.wasOpen || link === "open" });
}

function heard(message) {
  if (message.type === "error" && RECORDING_PROBLEMS.includes(message.code)) stoppedRecording(message.code);
  else if (message.type === "error") notice = message.message ?? "";
  if (message.type === "command" && message.name === "stop") finish();
}

/** Until the server has the next picture on its disk. */
function stoppedRecording(code) {
  acknowledgedThen = streamer.figures().acknowledged;
  update({ unrecorded: code });
}

function stopped(problem) {
  const figures = streamer.figures();
  showFigures(figures, notice);
  streamer.release();
  closeCamera();
  screenLock.release();
  place.letGo();
  if (problem && isLoss(problem)) lose(problem);
  update({ phase: "stopped", problem: problem ?? null, unsaved: figures.waiting + figures.dropped });
}

function finish() {
  if (state.phase !== "live") return;
  update({ phase: "finishing" });
  streamer.finish();
}

function insecureWords() {
  const secure = `https://${location.host}`;
  return (
    "Browsers give the camera only to pages opened over https://, and this one was opened over http://. Ask the coach " +
    `to run the server with REQUIRE_HTTPS=true and scan the new code. It then begins with ${secure}.`
  );
}

byId("start").addEventListener("submit", (event) => {
  event.preventDefault();
  start();
});
// The page begins anew with the link that the QR would have given it, so that a reload finds the place again.
setUpCodeForm((found) => location.replace(`/pair?${new URLSearchParams({ token: found })}`));
byId("again").addEventListener("click", () => check());
byId("stop").addEventListener("click", () => finish());
byId("low-bandwidth").addEventListener("change", ({ target }) => {
  if (streamer) streamer.isLowBandwidth = target.checked;
});
globalThis.addEventListener("online", () => streamer?.link.hurry());
// From one Wi-Fi to another, or to the mobile network: the way is another one, and so are its delays.
navigator.connection?.addEventListener?.("change", () => streamer?.link.hurry());
globalThis.addEventListener("pagehide", () => place?.letGo());
// Out of the browser's memory, with all that ran in it.
globalThis.addEventListener("pageshow", ({ persisted }) => {
  if (persisted && LIVE.includes(state.phase) && !place.isElsewhere) place.hold();
});
document.addEventListener("visibilitychange", () => {
  const isHidden = document.visibilityState === "hidden";
  if (state.phase !== "live") return;
  update({ isHidden });
  streamer.setHidden(isHidden);
  if (isHidden) return;
  // Hold the screen again, and play again.
  screenLock.hold();
  video.play().catch(() => {});
});
setInterval(() => {
  if (!LIVE.includes(state.phase)) return;
  const figures = streamer.figures();
  if (state.unrecorded && figures.acknowledged > acknowledgedThen) update({ unrecorded: null });
  update({ backlog: figures.backlog, waiting: figures.waiting });
  showFigures(figures, notice);
}, FIGURES_EVERY_MS);
setText(byId("screen-hint"), screenLock.isSupported ? "" : "Set the screen to stay on while filming.");
check();
