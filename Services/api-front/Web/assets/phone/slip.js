// Whether a picture that is taken from a video is the one that the browser has called about.

const EXACT_MS = 0.01;
const LEAST_SEEN = 10;
const LONGEST_MS = 250;

/**
 * On a busy phone a video has gone on to its next picture by the time that a frame's callback runs: then the callback's capture
 * time is that of another picture, a frame or two older. A `VideoFrame` tells its own time on the base of `mediaTime`, and so how
 * much later it is. A browser is believed that has shown, by telling the very same time mostly, that both mean the same.
 */
export class PictureSlip {
  constructor() {
    this.seen = 0;
    this.exact = 0;
  }

  /** How much later the picture in hand was taken than the one called about, ms; 0 where that cannot be told. */
  of(pictureMs, mediaMs) {
    if (!Number.isFinite(pictureMs) || !Number.isFinite(mediaMs)) return 0;
    const slip = pictureMs - mediaMs;
    this.seen += 1;
    if (Math.abs(slip) <= EXACT_MS) {
      this.exact += 1;
      return 0;
    }
    const isBelieved = this.seen >= LEAST_SEEN && this.exact > this.seen / 2;
    return isBelieved && Math.abs(slip) <= LONGEST_MS ? slip : 0;
  }
}

/**
 * The time of the picture that a video shows now, ms on the base of `mediaTime`; NaN where the browser does not tell. Only the
 * time is taken from the frame: of the video the browser draws the picture upright, of the frame not every one does.
 */
export function pictureTime(video) {
  try {
    const frame = new VideoFrame(video);
    const { timestamp } = frame;
    // It holds one of the camera's few buffers.
    frame.close();
    return timestamp / 1000;
  } catch {
    return NaN;
  }
}
