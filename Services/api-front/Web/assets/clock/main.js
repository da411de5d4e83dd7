// The clock page: shows the time code, a new one with every frame of the screen.

import { byId, setText, show } from "../common/dom.js";
import { ScreenLock } from "../common/screenlock.js";
import { drawCode, RATIO } from "./draw.js";
import { Refresh } from "./refresh.js";
import { QUIET, WIDTH, WRAP_MS } from "./timecode.js";

const WORDS_EVERY_MS = 1000;
/** In steps of so many pixels the edges of all cells lie between pixels: cells are 2½ units wide. */
const WIDTH_STEP = 2 * (WIDTH + 2 * QUIET);

const canvas = byId("clock");
const context = canvas.getContext("2d", { alpha: false });
const refresh = new Refresh();
const screenLock = new ScreenLock(() => true);

/** As large as there is room, in the screen's own pixels: nothing is scaled, and only the bar has an edge within a pixel. */
function fit() {
  const box = byId("stage").getBoundingClientRect();
  const width = Math.min(box.width, box.height / RATIO);
  const pixels = WIDTH_STEP * Math.max(3, Math.floor((width * devicePixelRatio) / WIDTH_STEP));
  canvas.width = pixels;
  canvas.height = Math.ceil(pixels * RATIO);
  canvas.style.width = `${pixels / devicePixelRatio}px`;
}

/**
 * `ms` is the time of this frame of the screen, the same for all that is drawn in it: it does not depend on when the script came
 * to run. The picture is seen a fixed time later, which is the same for all cameras.
 */
function frame(ms) {
  requestAnimationFrame(frame);
  refresh.take(ms);
  drawCode(context, ms % WRAP_MS, canvas.width);
}

function tell() {
  const { rate, late } = refresh;
  const pace = rate === null ? "Measuring this screen…" : `This screen changes ${rate} times a second`;
  const skipped = late === 0 ? "" : ` · ${late} frames came late: close other programs`;
  setText(byId("pace"), pace + skipped);
}

new ResizeObserver(fit).observe(byId("stage"));
show(byId("full"), document.fullscreenEnabled === true);
byId("full").addEventListener("click", () => document.documentElement.requestFullscreen().catch(() => {}));
document.addEventListener("visibilitychange", () => {
  refresh.forget();
  screenLock.hold();
});
screenLock.hold();
setInterval(tell, WORDS_EVERY_MS);
fit();
requestAnimationFrame(frame);
