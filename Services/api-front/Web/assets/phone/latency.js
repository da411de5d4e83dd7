// How late a model's camera is: between the light and the instant that the browser gives for a picture.

/**
 * µs by model, as `guessName` tells it, and by where the instant comes from. Empty: an unmeasured model counts as 0 and the
 * status says so. To add one, film a running millisecond clock with two phones, one of them measured.
 *
 *     "Pixel 7": { capture_time: 0, callback_time: 41_000 },
 */
export const LATENCY_US = {};

const LONGEST_US = 1_000_000;

/** What to take off the instants of this model's pictures, µs: 0 when nothing is known, or the entry makes no sense. */
export function captureLatency(model, source, table = LATENCY_US) {
  const latency = Object.hasOwn(table, model) ? table[model][source] : 0;
  return Number.isInteger(latency) && latency >= 0 && latency <= LONGEST_US ? latency : 0;
}
