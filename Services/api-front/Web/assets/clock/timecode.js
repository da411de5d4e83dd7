// The time code of the clock page as shapes: what `Tools/sync_report` reads off pictures of it (PROTOCOL.md, “Time code”).
//
// Coarse time stands in two Gray-coded words that change at different instants, so that one of them is always at rest; each
// cell has its opposite below it, so that no threshold is needed. Fine time is a bar that runs through a strip: where it is can
// be read to a small part of a screen's frame, and in a picture that mixes two moments the bar is at their mean. Four ArUco
// markers show where the code is.

/** Size in units of the code, and of the white around it. */
export const WIDTH = 40;
export const HEIGHT = 28;
export const QUIET = 2;

/** One step of the words, ms, and the time in which the bar runs through its strip. */
export const STEP_MS = 64;
export const FINE_MS = 128;
export const BITS = 16;
/** After so many ms the code begins again. */
export const WRAP_MS = STEP_MS * 2 ** BITS;

const MARKER = 6;
const CELL = WIDTH / BITS;
const ROW = 3;
const FIRST_ROW = 8;
const STRIP = { left: 8, period: 24, beyond: 1, height: 4 };
const STRIP_TOPS = [1, HEIGHT - 5];

/** The inner 4 × 4 bits of the markers 0 to 3 of ArUco's DICT_4X4_50, row by row: 1 is white. */
const MARKERS = [
  { left: 0, top: 0, rows: ["1011", "0101", "0011", "0010"] },
  { left: WIDTH - MARKER, top: 0, rows: ["0000", "1111", "1001", "1010"] },
  { left: WIDTH - MARKER, top: HEIGHT - MARKER, rows: ["0011", "0011", "0010", "1101"] },
  { left: 0, top: HEIGHT - MARKER, rows: ["1001", "1001", "0100", "0110"] },
];

/** Reflected binary: of two numbers in a row one digit differs. */
export function gray(number) {
  return number ^ (number >>> 1);
}

/** The two words at a time in ms ≥ 0: the second is half a step ahead. */
export function words(ms) {
  return [0, STEP_MS / 2].map((ahead) => gray(Math.floor((ms + ahead) / STEP_MS) % 2 ** BITS));
}

/** The dark rectangles of a time in ms ≥ 0: `[left, top, width, height]` in units. The rest is white. */
export function darkShapes(ms) {
  return [...markerShapes(), ...wordShapes(ms), ...stripShapes(ms)];
}

function markerShapes() {
  const shapes = [];
  for (const { left, top, rows } of MARKERS) {
    shapes.push([left, top, MARKER, 1], [left, top + MARKER - 1, MARKER, 1]);
    shapes.push([left, top + 1, 1, MARKER - 2], [left + MARKER - 1, top + 1, 1, MARKER - 2]);
    rows.forEach((row, y) =>
      [...row].forEach((bit, x) => {
        if (bit === "0") shapes.push([left + 1 + x, top + 1 + y, 1, 1]);
      }),
    );
  }
  return shapes;
}

/** Below each other: the first word, its opposite, the second word, its opposite; the highest digit stands left. */
function wordShapes(ms) {
  const shapes = [];
  words(ms).forEach((word, index) => {
    for (let cell = 0; cell < BITS; cell++) {
      const isSet = (word >>> (BITS - 1 - cell)) & 1;
      shapes.push([cell * CELL, FIRST_ROW + ROW * (2 * index + (isSet ? 0 : 1)), CELL, ROW]);
    }
  });
  return shapes;
}

/** A bar half as long as the strip, whose beginning runs from left to right; it leaves right and comes in left. */
function stripShapes(ms) {
  const { left, period, beyond, height } = STRIP;
  const begin = (ms % FINE_MS) / FINE_MS;
  const shapes = [];
  for (const turn of [-1, 0, 1]) {
    const from = Math.max(left + period * (begin + turn), left - beyond);
    const to = Math.min(left + period * (begin + turn + 0.5), left + period + beyond);
    if (to > from) for (const top of STRIP_TOPS) shapes.push([from, top, to - from, height]);
  }
  return shapes;
}
