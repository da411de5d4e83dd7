// The camera: asking for it, and saying in words what to do when it is not given.

import { Problem } from "../common/problem.js";

const LONG_SIDE = 1280;
const SHORT_SIDE = 720;
const RATE = 30;

/** What to ask the browser for: the rear camera, 720 × 1280 upright, 30 frames a second, no sound. */
export function constraints(swapped = false) {
  const [width, height] = swapped ? [LONG_SIDE, SHORT_SIDE] : [SHORT_SIDE, LONG_SIDE];
  return {
    audio: false,
    video: {
      facingMode: { ideal: "environment" },
      width: { ideal: width },
      height: { ideal: height },
      frameRate: { ideal: RATE, max: RATE },
    },
  };
}

/** Opens the camera. Throws a Problem that says what to do. */
export async function openCamera() {
  if (!globalThis.isSecureContext || !navigator.mediaDevices?.getUserMedia) throw insecure();
  try {
    return await navigator.mediaDevices.getUserMedia(constraints());
  } catch (error) {
    throw cameraProblem(error);
  }
}

/**
 * Some phones count width and height as the sensor lies, and give a picture that lies on its side: ask once the other
 * way round, and keep that if it helped.
 */
export async function turnUpright(track, video) {
  const upright = () => video.videoHeight >= video.videoWidth;
  const held = globalThis.innerHeight >= globalThis.innerWidth;
  if (!held || upright() || !track.applyConstraints) return;
  await track.applyConstraints(constraints(true).video).catch(() => {});
}

/** Size to send: as the camera gives it, at most 1280 on the long side, even numbers. */
export function sizeToSend(width, height, longSide = LONG_SIDE) {
  const scale = Math.min(1, longSide / Math.max(width, height));
  const even = (pixels) => Math.max(16, 2 * Math.round((pixels * scale) / 2));
  return { width: even(width), height: even(height) };
}

function insecure() {
  return new Problem({
    code: "insecure_origin",
    message:
      "Browsers give the camera only to pages opened over https://. Ask the coach to run the server with HTTPS, then " +
      "scan the new code.",
  });
}

const REFUSED =
  "The camera was refused. Tap the icon beside the page's address, allow the camera for this page, then try again. " +
  "On an iPhone: Settings → Apps → Safari → Camera → Allow.";

/** An error of getUserMedia in words. */
export function cameraProblem(error) {
  const [code, message] = {
    NotAllowedError: ["camera_refused", REFUSED],
    SecurityError: ["camera_refused", REFUSED],
    NotFoundError: ["camera_missing", "No camera was found on this device. Use another phone."],
    OverconstrainedError: ["camera_missing", "No camera of this device fits. Use another phone."],
    NotReadableError: [
      "camera_busy",
      "Another app holds the camera. Close it (a call, the camera app, another browser page), then try again.",
    ],
    AbortError: ["camera_busy", "The camera could not be started. Close other apps that use it, then try again."],
  }[error?.name] ?? ["camera_failed", `The camera could not be opened (${error?.name ?? "unknown"}). Try again.`];
  return new Problem({ code, message });
}
