// The 32 bytes before a frame's payload (PROTOCOL.md, “Frames”). Little-endian.

export const HEADER_SIZE = 32;
export const MAXIMUM_PAYLOAD = 4 * 1024 * 1024;
const JPEG = 1;
const KEY_FRAME = 1;

/** One message: header and payload. `captured` is DeviceTime in whole µs. */
export function encodeFrame({ sequence, captured, width, height, payload }) {
  const message = new Uint8Array(HEADER_SIZE + payload.byteLength);
  const view = new DataView(message.buffer);
  message.set([0x41, 0x58, 0x46, 0x31, JPEG, KEY_FRAME]); // "AXF1"
  view.setUint16(6, width, true);
  view.setUint16(8, height, true);
  view.setUint16(10, 0, true);
  view.setUint32(12, sequence, true);
  view.setBigInt64(16, BigInt(captured), true);
  view.setUint32(24, payload.byteLength, true);
  view.setUint16(28, 0, true);
  view.setUint16(30, 1, true);
  message.set(new Uint8Array(payload), HEADER_SIZE);
  return message;
}

/** The fields of a message made by `encodeFrame`; `captured` as a BigInt of µs. */
export function readHeader(message) {
  const view = new DataView(message.buffer, message.byteOffset, HEADER_SIZE);
  return {
    width: view.getUint16(6, true),
    height: view.getUint16(8, true),
    sequence: view.getUint32(12, true),
    captured: view.getBigInt64(16, true),
  };
}

/** The message in parts of at most `limit` bytes, each with the header and its own fragment index. */
export function fragments(message, limit) {
  const room = limit - HEADER_SIZE;
  const count = Math.ceil((message.byteLength - HEADER_SIZE) / room);
  if (count <= 1) return [message];
  return Array.from({ length: count }, (_, index) => {
    const payload = message.subarray(HEADER_SIZE + index * room, HEADER_SIZE + (index + 1) * room);
    const part = new Uint8Array(HEADER_SIZE + payload.byteLength);
    part.set(message.subarray(0, HEADER_SIZE));
    part.set(payload, HEADER_SIZE);
    const view = new DataView(part.buffer);
    view.setUint16(28, index, true);
    view.setUint16(30, count, true);
    return part;
  });
}
