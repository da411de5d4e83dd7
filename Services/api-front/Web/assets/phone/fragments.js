// A frame in pieces that fit into a DataChannel's messages: each with the frame's header and its place among the pieces.

import { HEADER_SIZE } from "./header.js";

const INDEX_AT = 28;
const COUNT_AT = 30;

/** `message`: header and payload; `size`: bytes that a message may have. Takes and returns Uint8Arrays. */
export function fragmentsOf(message, size) {
  if (message.byteLength <= size) return [message];
  const room = size - HEADER_SIZE;
  const payload = message.subarray(HEADER_SIZE);
  const count = Math.ceil(payload.byteLength / room);
  return Array.from({ length: count }, (_, index) => {
    const part = payload.subarray(index * room, (index + 1) * room);
    const piece = new Uint8Array(HEADER_SIZE + part.byteLength);
    piece.set(message.subarray(0, HEADER_SIZE));
    piece.set(part, HEADER_SIZE);
    const view = new DataView(piece.buffer);
    view.setUint16(INDEX_AT, index, true);
    view.setUint16(COUNT_AT, count, true);
    return piece;
  });
}
