// The figure: which landmarks are joined, and which way is up.

/** Pairs of landmark numbers (BlazePose order), by side; the hands and face are left out but for the head. */
export const BONES = {
  middle: [[11, 12], [23, 24]],
  left: [[11, 13], [13, 15], [15, 19], [11, 23], [23, 25], [25, 27], [27, 29], [27, 31], [29, 31]],
  right: [[12, 14], [14, 16], [16, 20], [12, 24], [24, 26], [26, 28], [28, 30], [28, 32], [30, 32]],
};

/** Joints drawn as dots. */
export const DOTS = [11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28, 31, 32];

const HEAD = [0, 7, 8];
const SHOULDERS = [11, 12];
const ANKLES = [27, 28];

/** Mean of those of the joints that were found; null if none was. */
export function middleOf(joints, indices) {
  const found = indices.map((index) => joints[index]).filter((joint) => joint.views > 0);
  if (found.length === 0) return null;
  const mean = (axis) => found.reduce((sum, joint) => sum + joint[axis], 0) / found.length;
  return { x: mean("x"), y: mean("y"), z: mean("z") };
}

export const headOf = (joints) => middleOf(joints, HEAD);
export const neckOf = (joints) => middleOf(joints, SHOULDERS);

const KEEP = 0.98;

/**
 * Finds the world's upward axis from the poses themselves: over time people have their heads above their ankles.
 * Calibrations differ in this (`+z` in most laboratories, `-y` where a camera is the origin).
 */
export class UpFinder {
  constructor() {
    this.sum = { x: 0, y: 0, z: 0 };
    this.axis = "+z";
  }

  add(joints) {
    const head = headOf(joints) ?? neckOf(joints);
    const feet = middleOf(joints, ANKLES);
    if (!head || !feet) return this.axis;
    for (const axis of ["x", "y", "z"]) this.sum[axis] = KEEP * this.sum[axis] + head[axis] - feet[axis];
    const best = ["z", "y", "x"].reduce((a, b) => (Math.abs(this.sum[b]) > 1.3 * Math.abs(this.sum[a]) ? b : a));
    this.axis = `${this.sum[best] < 0 ? "-" : "+"}${best}`;
    return this.axis;
  }
}

/** A point of the calibration's world, turned so that z is up; right-handed stays right-handed. */
export function uprightPoint({ x, y, z }, axis) {
  switch (axis) {
    case "-z": return { x, y: -y, z: -z };
    case "+y": return { x, y: -z, z: y };
    case "-y": return { x, y: z, z: -y };
    case "+x": return { x: -z, y, z: x };
    case "-x": return { x: z, y, z: -x };
    default: return { x, y, z };
  }
}
