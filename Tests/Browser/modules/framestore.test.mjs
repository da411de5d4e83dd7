import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./web.mjs";

const { FrameStore } = await load("phone/framestore.js");

const frame = (size = 10) => new Uint8Array(size);

/** A store with `count` frames, 1 ms apart. */
function filled(count, limits = { frames: 1000, bytes: 1e9, ageMs: 1e9 }) {
  const store = new FrameStore(limits);
  const dropped = [];
  for (let index = 0; index < count; index += 1) dropped.push(...store.add(store.takeSequence(), frame(), index));
  return { store, dropped };
}

function drain(store, most = Infinity) {
  const order = [];
  for (let next = store.nextToSend(); next && order.length < most; next = store.nextToSend()) {
    store.markSent(next.sequence, 0);
    order.push(next.sequence);
  }
  return order;
}

test("numbers begin at 1 and rise by one", () => {
  const { store } = filled(3);
  assert.deepEqual([...store.frames.keys()], [1, 2, 3]);
  assert.equal(store.takeSequence(), 4);
});

test("a short backlog is sent in order, each frame once", () => {
  const { store } = filled(5);
  assert.deepEqual(drain(store), [1, 2, 3, 4, 5]);
  assert.equal(store.nextToSend(), null);
  assert.equal(store.unsent, 0);
});

test("in a long backlog the live frame goes first, and each new one overtakes", () => {
  const { store } = filled(20);
  assert.deepEqual(drain(store, 3), [20, 1, 2]);
  store.add(store.takeSequence(), frame(), 21);
  assert.deepEqual(drain(store, 2), [21, 3]);
});

test("an acknowledgement frees everything up to it, and nothing else", () => {
  const { store } = filled(5);
  drain(store);
  store.acknowledge(3);
  assert.deepEqual([...store.frames.keys()], [4, 5]);
  assert.equal(store.bytes, 20);
  assert.equal(store.acknowledged, 3);
});

test("acknowledgements that go back or lie in the future are ignored", () => {
  const { store } = filled(5);
  store.acknowledge(3);
  store.acknowledge(2);
  store.acknowledge(99);
  assert.equal(store.acknowledged, 3);
  assert.equal(store.frames.size, 2);
});

test("after a break everything from the wanted number on is sent again", () => {
  const { store } = filled(5);
  drain(store);
  assert.equal(store.resume(3), null);
  assert.deepEqual(drain(store), [3, 4, 5]);
});

test("numbers that the server waits for in vain are named", () => {
  const { store } = filled(5, { frames: 2, bytes: 1e9, ageMs: 1e9 });
  assert.deepEqual(store.resume(2), { from: 2, through: 3 });
});

test("a reloaded page goes on above what it used, and gives up what was in its memory", () => {
  const store = new FrameStore();
  store.nextSequence = 101;
  assert.deepEqual(store.resume(91), { from: 91, through: 100 });
  assert.equal(store.takeSequence(), 101);
});

test("a server that knows more than we do moves the numbers on", () => {
  const store = new FrameStore();
  assert.equal(store.resume(41), null);
  assert.equal(store.takeSequence(), 41);
  assert.equal(store.acknowledged, 40);
});

for (const [what, limits] of [
  ["number", { frames: 4, bytes: 1e9, ageMs: 1e9 }],
  ["memory", { frames: 1000, bytes: 45, ageMs: 1e9 }],
  ["age", { frames: 1000, bytes: 1e9, ageMs: 3 }],
]) {
  test(`bounded in ${what}: the oldest go, and are reported and counted`, () => {
    const { store, dropped } = filled(10, limits);
    assert.deepEqual([...store.frames.keys()], [7, 8, 9, 10]);
    assert.equal(store.bytes, 40);
    assert.equal(store.droppedCount, 6);
    assert.deepEqual(dropped.map(({ from, through }) => [from, through]), [1, 2, 3, 4, 5, 6].map((n) => [n, n]));
    assert.deepEqual(drain(store), [7, 8, 9, 10]);
  });
}

test("what was sent long ago and never acknowledged is sent again", () => {
  const { store } = filled(5, { frames: 1000, bytes: 1e9, ageMs: 1e9 });
  drain(store);
  store.resendStalled(99, 100);
  assert.equal(store.nextToSend(), null);
  store.acknowledge(2);
  store.resendStalled(100, 100);
  assert.deepEqual(drain(store), [3, 4, 5]);
});

test("neighbours that go together are one range", () => {
  const { store } = filled(5);
  store.limits = { ...store.limits, frames: 2 };
  assert.deepEqual(store.trim(5), [{ from: 1, through: 3 }]);
});

test("a single frame larger than the memory is still kept", () => {
  const store = new FrameStore({ frames: 10, bytes: 5, ageMs: 1e9 });
  assert.deepEqual(store.add(store.takeSequence(), frame(100), 0), []);
  assert.equal(store.frames.size, 1);
});
