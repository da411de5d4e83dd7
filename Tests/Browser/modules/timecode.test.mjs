// The clock page's pure parts, and the phone's knowledge of which picture it holds.

import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./web.mjs";

const { BITS, FINE_MS, gray, HEIGHT, STEP_MS, WIDTH, words, WRAP_MS, darkShapes } = await load("clock/timecode.js");
const { Refresh } = await load("clock/refresh.js");
const { PictureSlip, pictureTime } = await load("phone/slip.js");

const digits = (number) => number.toString(2).split("").filter((digit) => digit === "1").length;

test("one digit of one word changes at a time, and never in both words at once", () => {
  let before = words(0);
  for (let ms = 1; ms < 200 * STEP_MS; ms++) {
    const now = words(ms);
    const changed = now.map((word, index) => digits(word ^ before[index]));
    assert.ok(changed[0] + changed[1] <= 1, `at ${ms}`);
    assert.equal(changed[0], ms % STEP_MS === 0 ? 1 : 0);
    assert.equal(changed[1], ms % STEP_MS === STEP_MS / 2 ? 1 : 0);
    before = now;
  }
});

test("the code wraps with one digit too", () => {
  assert.equal(WRAP_MS, STEP_MS * 2 ** BITS);
  assert.equal(digits(words(WRAP_MS - 1)[0] ^ words(0)[0]), 1);
  assert.deepEqual(words(WRAP_MS), words(0));
  assert.equal(gray(6), 5);
});

test("every shape lies within the code, and half of the words' cells are dark", () => {
  for (const ms of [0, 12.3, 63.9, 64, 127.9, 1e6 + 0.5, WRAP_MS - 0.1]) {
    const shapes = darkShapes(ms);
    for (const [left, top, width, height] of shapes) {
      assert.ok(left >= 0 && top >= 0 && left + width <= WIDTH + 1e-9 && top + height <= HEIGHT && width > 0, `${ms}`);
    }
    const cells = shapes.filter(([, top, , height]) => height === 3 && top >= 8 && top < 20);
    assert.equal(cells.length, 2 * BITS);
  }
});

test("the bar runs through the strip once in its time", () => {
  const isBar = ([left, top, , height]) => top === 1 && height === 4 && left > 6 && left < 34;
  const begins = (ms) => darkShapes(ms).filter(isBar).map(([left]) => left);
  assert.deepEqual(begins(0), [8, 32]);
  assert.deepEqual(begins(FINE_MS / 4), [14]);
  assert.deepEqual(begins(FINE_MS * 0.75), [7, 26]);
});

test("a screen's rate is the median, and frames left out are counted", () => {
  const refresh = new Refresh();
  assert.equal(refresh.rate, null);
  let ms = 0;
  for (let frame = 0; frame < 100; frame++) refresh.take((ms += frame === 50 ? 50 : 1000 / 60));
  assert.equal(refresh.rate, 60);
  assert.equal(refresh.late, 1);
  refresh.forget();
  refresh.take(ms + 60_000);
  assert.equal(refresh.late, 1, "the page was hidden");
});

test("a picture that is later than the one called about says by how much", () => {
  const slip = new PictureSlip();
  assert.equal(slip.of(1033.3, 1000), 0, "a browser is not believed at once");
  for (let frame = 0; frame < 20; frame++) assert.equal(slip.of(2000 + frame, 2000 + frame), 0);
  assert.ok(Math.abs(slip.of(3033.3, 3000) - 33.3) < 1e-9);
  assert.equal(slip.of(9000, 3000), 0, "too much to be true");
  assert.equal(slip.of(undefined, 3000), 0);
  assert.equal(slip.of(3000, NaN), 0);
});

test("a browser whose two times have nothing to do with each other is never believed", () => {
  const slip = new PictureSlip();
  for (let frame = 0; frame < 100; frame++) assert.equal(slip.of(frame * 33 + 20, frame * 33), 0);
});

test("without VideoFrame no time is told", () => {
  assert.ok(Number.isNaN(pictureTime({})));
});
