import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./web.mjs";

const { ClockExchange, deviceTime, SleepWatch, syncQuality } = await load("phone/clock.js");
const { PhoneLink } = await load("phone/link.js");

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

test("readings keep the browser's steps, whatever the origin", () => {
  const origin = 1_700_000_000_012.3456;
  for (let step = 1; step < 1000; step += 1) {
    assert.equal((deviceTime(step * 0.1, origin) - deviceTime(0, origin)) % 100, 0);
  }
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

test("after the burst come pairs: the second of which carries the first at once", () => {
  const { clock } = exchange(1);
  clock.startBurst();
  clock.answer(answerTo(clock.request()), 1_400);
  assert.equal(clock.isBursting, false);
  clock.startTrickle();
  const first = clock.request();
  assert.equal(JSON.parse(first).prev.id, 1);
  assert.equal(clock.isBursting, true);
  clock.answer(answerTo(first), 1_900);
  assert.equal(JSON.parse(clock.request()).prev.id, 2);
  assert.equal(clock.isBursting, false);
});

test("after a sleep the clock is trusted again with the fourth exchange", () => {
  const { clock } = exchange(10);
  assert.equal(clock.isTrusted, true);
  clock.startBurst();
  clock.distrust();
  for (let index = 0; index < 4; index += 1) {
    assert.equal(clock.isTrusted, false);
    clock.answer(answerTo(clock.request()), 1_500);
  }
  assert.equal(clock.isTrusted, true);
});

test("without an answer pictures are taken again after two seconds", () => {
  const { clock, time } = exchange();
  clock.distrust();
  time.us += 1_999_999;
  assert.equal(clock.isTrusted, false);
  time.us += 1;
  assert.equal(clock.isTrusted, true);
});

test("a monotonic clock that stood still is noticed, once", () => {
  const clocks = { now: 1_000, wall: 50_000 };
  const watch = new SleepWatch({ now: () => clocks.now, wall: () => clocks.wall });
  const pass = (now, wall) => {
    clocks.now += now;
    clocks.wall += wall;
    return watch.check();
  };
  assert.deepEqual([pass(1_000, 1_000), pass(5_000, 5_040), pass(10, 60_010), pass(33, 33)], [false, false, true, false]);
});

/** A link on a line that only takes notes. */
function linkOnPaper() {
  const said = [];
  const clock = new ClockExchange({ now: () => 1_000, burst: 2 });
  const store = { oldestSequence: null, resume: () => null, resendStalled() {}, nextToSend: () => null };
  const line = {
    name: "paper", canSend: false, stalledMs: 1000, open() {}, close() {}, sendText: (text) => said.push(JSON.parse(text)),
  };
  const link = new PhoneLink({
    transports: { paper: () => line }, store, clock, checkPlace: async () => {}, on: { state() {}, message() {} },
  });
  link.connect();
  return { link, line, said, clock };
}

test("the phone's condition is told when it changes, and again on every connection", (t) => {
  const { link, line, said } = linkOnPaper();
  t.after(() => link.stop());
  link.tell({ hidden: false, capture: "callback_time" });
  link.opened(line);
  link.welcomed(1);
  link.welcomed(1);
  const conditions = said.filter(({ type }) => type === "condition");
  assert.equal(conditions.length, 3);
  assert.deepEqual(conditions[0], { type: "condition", hidden: false, capture: "callback_time" });
  assert.equal(said.findIndex(({ type }) => type === "hello") < said.lastIndexOf(conditions[1]), true);
});

test("a page that comes back measures anew at once, and distrusts its clock", (t) => {
  const { link, line, said, clock } = linkOnPaper();
  t.after(() => link.stop());
  link.opened(line);
  link.welcomed(1);
  const before = said.filter(({ type }) => type === "clock").length;
  link.hurry({ slept: true });
  assert.equal(said.filter(({ type }) => type === "clock").length, before + 1);
  assert.equal(clock.isBursting, true);
  assert.equal(clock.isTrusted, false);
});

test("requests that are never answered do not pile up", () => {
  const { clock } = exchange();
  for (let index = 0; index < 1000; index += 1) clock.request();
  assert.ok(clock.outstanding.size <= 32);
});

test("quality has the limits of PROTOCOL.md", () => {
  assert.deepEqual([null, 4.9, 5, 49, 50].map(syncQuality), ["unknown", "good", "acceptable", "acceptable", "poor"]);
});
