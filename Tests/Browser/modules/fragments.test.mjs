import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./web.mjs";

const { fragmentsOf } = await load("phone/fragments.js");
const { encodeFrame } = await load("phone/header.js");

function frame(bytes) {
  const payload = new Uint8Array(bytes).map((_, index) => (index * 31) % 251).buffer;
  return encodeFrame({ sequence: 7, captured: 123_456, width: 64, height: 48, payload });
}

test("a frame that fits goes as it is", () => {
  const message = frame(1000);
  assert.deepEqual(fragmentsOf(message, 1032), [message]);
});

function join(pieces) {
  return Uint8Array.from(pieces.flatMap((piece) => [...piece.subarray(32)]));
}

for (const [bytes, size] of [[1001, 1032], [65_536, 65_536], [300_000, 65_536], [10, 33]]) {
  test(`${bytes} bytes in messages of ${size} fit, and give the frame again`, () => {
    const message = frame(bytes);
    const pieces = fragmentsOf(message, size);
    assert.ok(pieces.length > 1);
    assert.ok(pieces.every((piece) => piece.byteLength <= size));
    assert.deepEqual(join(pieces), message.subarray(32));
  });
}

test("each piece has the frame's header and its place", () => {
  const message = frame(5000);
  const pieces = fragmentsOf(message, 1000);
  pieces.forEach((piece, index) => {
    const view = new DataView(piece.buffer);
    assert.deepEqual([view.getUint16(28, true), view.getUint16(30, true)], [index, pieces.length]);
    assert.deepEqual(piece.subarray(0, 28), message.subarray(0, 28));
  });
});
