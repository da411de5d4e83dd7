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

test("pieces fit, and give the frame again", () => {
  for (const [bytes, size] of [[1001, 1032], [65_536, 65_536], [300_000, 65_536], [10, 33]]) {
    const message = frame(bytes);
    const pieces = fragmentsOf(message, size);
    const joined = [];
    pieces.forEach((piece, index) => {
      assert.ok(piece.byteLength <= size);
      const view = new DataView(piece.buffer);
      assert.equal(view.getUint16(28, true), index);
      assert.equal(view.getUint16(30, true), pieces.length);
      assert.deepEqual(piece.subarray(0, 28), message.subarray(0, 28));
      joined.push(...piece.subarray(32));
    });
    assert.deepEqual(Uint8Array.from(joined), message.subarray(32));
  }
});
