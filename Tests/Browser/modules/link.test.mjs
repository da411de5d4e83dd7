import assert from "node:assert/strict";
import { test } from "node:test";
import { load, MemoryStorage } from "./web.mjs";

const { ClockExchange } = await load("phone/clock.js");
const { FrameStore } = await load("phone/framestore.js");
const { PhoneLink } = await load("phone/link.js");
const { Place } = await load("phone/place.js");
const { UploadTransport } = await load("phone/transports/upload.js");
const { Silence } = await load("common/silence.js");

/** Time that passes only when told to: `setTimeout`, `clearTimeout` and `performance.now` of the modules. */
function staged(t) {
  const { setTimeout, clearTimeout, performance } = globalThis;
  t.after(() => Object.assign(globalThis, { setTimeout, clearTimeout, performance }));
  const time = { now: 0, timers: new Map(), count: 0 };
  globalThis.performance = { now: () => time.now };
  globalThis.setTimeout = (work, ms) => {
    time.timers.set(++time.count, { at: time.now + ms, work });
    return time.count;
  };
  globalThis.clearTimeout = (number) => time.timers.delete(number);
  /** Runs what is due; a page that stands still runs all of it only afterwards. */
  time.pass = (ms, { standsStill = false } = {}) => {
    const end = time.now + ms;
    if (standsStill) time.now = end;
    for (;;) {
      const due = [...time.timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      time.timers.delete(due[0]);
      time.now = Math.max(time.now, due[1].at);
      due[1].work();
    }
    time.now = end;
  };
  return time;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("nothing heard for long enough is a silence, once", (t) => {
  const time = staged(t);
  let count = 0;
  const silence = new Silence(3000, () => (count += 1));
  silence.heard();
  time.pass(2900);
  silence.heard();
  time.pass(2900);
  assert.equal(count, 0);
  time.pass(100);
  assert.equal(count, 1);
  time.pass(10_000);
  assert.equal(count, 1);
});

test("a page that stood still itself hears what came meanwhile first", (t) => {
  const time = staged(t);
  let count = 0;
  const silence = new Silence(3000, () => (count += 1));
  silence.heard();
  time.pass(4000, { standsStill: true });
  assert.equal(count, 0);
  silence.heard();
  time.pass(2900);
  assert.equal(count, 0);
  time.pass(100);
  assert.equal(count, 1);
  // And if nothing came, it is one all the same, however late that timer is, too.
  silence.heard();
  time.pass(4000, { standsStill: true });
  time.pass(5000, { standsStill: true });
  assert.equal(count, 2);
});

/** A link on lines that do nothing by themselves, and how it ended. */
function link(names, place = { isElsewhere: false }) {
  const made = [];
  const ended = [];
  const make = (name) => (events) => {
    const line = { name, canSend: false, stalledMs: 1000, events, open() {}, close() {}, sendText() {} };
    made.push(line);
    return line;
  };
  const it = new PhoneLink({
    transports: Object.fromEntries(names.map((name) => [name, make(name)])),
    store: new FrameStore(),
    clock: new ClockExchange({ now: () => 1_000, burst: 2 }),
    checkPlace: async () => {},
    isElsewhere: () => place.isElsewhere,
    on: { state: (name, problem) => name === "stopped" && ended.push(problem), message() {} },
  });
  it.connect();
  return { it, made, ended };
}

for (const [name, stops] of [["websocket", true], ["http", false]]) {
  test(`another page's take-over of a line over ${name} while a better one is on trial`, (t) => {
    staged(t);
    const { it, made, ended } = link(["webrtc", name]);
    t.after(() => it.stop());
    made[0].events.broken("no way");
    return settled().then(() => {
      const line = made[1];
      line.events.opened();
      line.events.text(JSON.stringify({ type: "welcome", next_seq: 1 }), 0);
      it.hurry();
      assert.deepEqual([made.map((each) => each.name), it.trial], [["webrtc", name, "webrtc"], made[2]]);
      line.events.text(JSON.stringify({ type: "error", code: "replaced", message: "" }), 0);
      assert.deepEqual(ended.map((problem) => problem.code), stops ? ["replaced"] : []);
    });
  });
}

for (const [when, rungs, goOn] of [
  ["after a break", ["webrtc", "websocket"], () => {}],
  ["when its network is back", ["webrtc"], (it) => it.hurry()],
  ["when it was to try again", ["webrtc"], (it, time) => time.pass(60_000)],
]) {
  test(`a page that finds another one in its place ${when} does not take it back`, async (t) => {
    const time = staged(t);
    const place = { isElsewhere: false };
    const { it, made, ended } = link(rungs, place);
    t.after(() => it.stop());
    made[0].events.broken("no way");
    place.isElsewhere = true;
    await settled();
    goOn(it, time);
    assert.deepEqual([made.length, ended.map((problem) => problem.code)], [1, ["replaced"]]);
  });
}

test("the page that streams last has the place, until it lets go", () => {
  const storage = new MemoryStorage();
  const [older, newer] = [new Place("s", storage), new Place("s", storage)];
  const elsewhere = () => [older.isElsewhere, newer.isElsewhere];
  assert.deepEqual(elsewhere(), [false, false]);
  older.hold();
  newer.hold();
  assert.deepEqual(elsewhere(), [true, false]);
  // What it goes on to note does not take the place back.
  older.usedSequence = 7;
  older.letGo();
  assert.deepEqual(elsewhere(), [true, false]);
  newer.letGo();
  assert.deepEqual(elsewhere(), [false, false]);
  older.hold();
  assert.deepEqual(elsewhere(), [false, true]);
  older.forget();
  assert.deepEqual(elsewhere(), [false, false]);
});

test("an upload that got no answer is sent again at once, one that was refused is not", async (t) => {
  const { fetch } = globalThis;
  t.after(() => (globalThis.fetch = fetch));
  const missed = [];
  const upload = new UploadTransport(
    { session: "s", device: "d", token: "t" },
    { missed: (sequence) => missed.push(sequence), text() {}, broken() {} },
  );
  upload.isOpen = true;
  const frame = (sequence) => {
    const bytes = new Uint8Array(40);
    new DataView(bytes.buffer).setUint32(12, sequence, true);
    return bytes;
  };
  globalThis.fetch = async () => {
    throw new TypeError("network");
  };
  await upload.sendFrame(frame(1));
  globalThis.fetch = async () => Response.json({ code: "frame_malformed" }, { status: 400 });
  await upload.sendFrame(frame(2));
  assert.deepEqual(missed, [1]);

  const store = new FrameStore();
  store.add(store.takeSequence(), frame(1), 0);
  store.markSent(1, 0);
  assert.equal(store.nextToSend(), null);
  store.unsend(1);
  store.unsend(1);
  assert.deepEqual([store.nextToSend().sequence, store.unsent], [1, 1]);
});
