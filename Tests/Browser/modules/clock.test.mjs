import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./web.mjs";

const { ClockExchange, deviceTime, syncQuality } = await load("phone/clock.js");

/** An exchange on a clock that stands at `time.us`. */
function exchange(burst = 3) {
  const time = { us: 1_000 };
  return { time, clock: new ClockExchange({ now: () => time.us, burst }) };
}

function answerTo(text, { t1 = 50, t2 = 60 } = {}) {
  const { id, t0 } = JSON.parse(text);
  return { type: "clock", id, t0, t1, t2 };
}

test("device time is whole microseconds on the page's origin", () => {
  assert.equal(deviceTime(12.3456, 1_700_000_000_000), 1_700_000_000_012_346);
  assert.ok(Number.isSafeInteger(deviceTime()));
});

test("a request carries the exchange before it, complete, and only once", () => {
  const { clock, time } = exchange();
  clock.startBurst();
  const first = clock.request();
  assert.deepEqual(JSON.parse(first), { type: "clock", id: 1, t0: 1_000 });
  time.us = 1_800;
  assert.equal(clock.answer(answerTo(first), 1_500), true);
  assert.deepEqual(JSON.parse(clock.request()), {
    type: "clock", id: 2, t0: 1_800, prev: { id: 1, t0: 1_000, t1: 50, t2: 60, t3: 1_500 },
  });
  assert.equal(JSON.parse(clock.request()).prev, undefined);
});

test("answers to nothing, or with another t0, are refused", () => {
  const { clock } = exchange();
  const text = clock.request();
  assert.equal(clock.answer({ ...answerTo(text), id: 7 }, 2_000), false);
  assert.equal(clock.answer({ ...answerTo(text), t0: 1 }, 2_000), false);
  assert.equal(clock.boundMs, null);
});

test("a burst ends after its number, and a new one forgets the exchange before", () => {
  const { clock } = exchange(2);
  clock.startBurst();
  assert.equal(clock.isBursting, true);
  clock.answer(answerTo(clock.request()), 1_400);
  clock.request();
  assert.equal(clock.isBursting, false);
  clock.startBurst();
  assert.equal(JSON.parse(clock.request()).prev, undefined);
  assert.equal(clock.boundMs, null);
});

test("the bound is half the best round trip, without the server's own time", () => {
  const { clock, time } = exchange();
  for (const trip of [5_010, 2_010, 9_010]) {
    const text = clock.request();
    clock.answer(answerTo(text), time.us + trip);
  }
  assert.equal(clock.boundMs, 1);
});

test("requests that are never answered do not pile up", () => {
  const { clock } = exchange();
  for (let index = 0; index < 1000; index += 1) clock.request();
  assert.ok(clock.outstanding.size <= 32);
});

test("quality has DESIGN's limits", () => {
  assert.deepEqual([null, 4.9, 5, 49, 50].map(syncQuality), ["unknown", "good", "acceptable", "acceptable", "poor"]);
});
