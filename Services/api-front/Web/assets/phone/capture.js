// When a picture was taken, and a call for every new one.

const OLDEST_PLAUSIBLE_MS = 1000;
const SMALLEST_GAP = 0.7;

/**
 * The instant a frame was captured, on the base of `performance.now()`: the browser's `captureTime` if it is plausible
 * (not in the future, not older than a second), else the time of the callback.
 */
export function captureInstant(now, metadata) {
  const time = metadata?.captureTime;
  const plausible = Number.isFinite(time) && time <= now + 1 && now - time <= OLDEST_PLAUSIBLE_MS;
  return plausible ? { time, source: "capture_time" } : { time: now, source: "callback_time" };
}

/**
 * Calls `onFrame(time, source, mediaMs)` for each new picture of a video element, at most `rate` times a second and always
 * later than before; `mediaMs` is the picture's time on the video's own base, if the browser tells it. Returns a function that
 * stops it.
 */
export function watchFrames(video, rate, onFrame) {
  const gap = (1000 / rate) * SMALLEST_GAP;
  let last = -Infinity;
  let handle = 0;
  let stopped = false;
  const offer = (now, metadata) => {
    const instant = captureInstant(now, metadata);
    if (instant.time - last < gap) return;
    last = instant.time;
    onFrame(instant.time, instant.source, (metadata?.mediaTime ?? NaN) * 1000);
  };
  if (typeof video.requestVideoFrameCallback === "function") {
    const step = (_, metadata) => {
      if (stopped) return;
      handle = video.requestVideoFrameCallback(step);
      offer(performance.now(), metadata);
    };
    handle = video.requestVideoFrameCallback(step);
    return () => {
      stopped = true;
      video.cancelVideoFrameCallback(handle);
    };
  }
  let shown = -1;
  const step = (now) => {
    if (stopped) return;
    handle = requestAnimationFrame(step);
    if (video.currentTime === shown) return;
    shown = video.currentTime;
    offer(now, null);
  };
  handle = requestAnimationFrame(step);
  return () => {
    stopped = true;
    cancelAnimationFrame(handle);
  };
}
