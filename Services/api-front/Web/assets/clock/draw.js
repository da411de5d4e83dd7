// Puts the time code on a canvas.

import { darkShapes, HEIGHT, QUIET, WIDTH } from "./timecode.js";

/** Height of the code with its white border, per width. */
export const RATIO = (HEIGHT + 2 * QUIET) / (WIDTH + 2 * QUIET);

/** Draws the code of a time, `width` pixels wide with its white border, its top left corner at (`left`, `top`). */
export function drawCode(context, ms, width, left = 0, top = 0) {
  const unit = width / (WIDTH + 2 * QUIET);
  context.fillStyle = "#fff";
  context.fillRect(left, top, width, width * RATIO);
  context.fillStyle = "#000";
  for (const [x, y, w, h] of darkShapes(ms)) {
    context.fillRect(left + (x + QUIET) * unit, top + (y + QUIET) * unit, w * unit, h * unit);
  }
}
