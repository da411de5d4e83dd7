// A 3D pose as edge-gateway publishes it (PROTOCOL.md, “Poses”). Little-endian; wrong bytes cost one message.

const MAGIC = 0x31505841; // "AXP1"
const JOINTS = 33;
const JOINT_SIZE = 21;

/**
 * `{ time, boundMs, cameras, joints }`, or null if the bytes are not a pose. `time`: seconds of SessionTime. A joint is
 * `{ x, y, z, confidence, errorPx, views }` in metres of the calibration's world; 0 views: it was not found.
 */
export function decodePose(buffer) {
  const view = new DataView(buffer);
  if (view.byteLength < 5 || view.getUint32(0, true) !== MAGIC) return null;
  let at = 5 + view.getUint8(4);
  if (view.byteLength !== at + 14 + JOINTS * JOINT_SIZE || view.getUint8(at + 13) !== JOINTS) return null;
  const time = Number(view.getBigInt64(at, true)) / 1e6;
  const boundMs = view.getUint32(at + 8, true) / 1000;
  const cameras = view.getUint8(at + 12);
  at += 14;
  const joints = [];
  for (let index = 0; index < JOINTS; index += 1, at += JOINT_SIZE) {
    const float = (offset) => view.getFloat32(at + offset, true);
    joints.push({
      x: float(0), y: float(4), z: float(8), confidence: float(12), errorPx: float(16), views: view.getUint8(at + 20),
    });
  }
  return { time, boundMs, cameras, joints };
}

/** Median reprojection error of the joints that were found, pixels; null if none was. */
export function medianError(pose) {
  const errors = pose.joints.filter((joint) => joint.views > 1).map((joint) => joint.errorPx).sort((a, b) => a - b);
  return errors.length === 0 ? null : errors[Math.floor(errors.length / 2)];
}
