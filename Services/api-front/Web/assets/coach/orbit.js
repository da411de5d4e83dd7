// A camera that goes around a point: angles in, pixels out. Pure.

const LOWEST = -0.2;
const HIGHEST = 1.5;
const NEAREST = 1.2;
const FARTHEST = 25;
/** Focal length in units of the picture's shorter side: about 43 degrees across it. */
const FOCAL = 1.25;

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

export class Orbit {
  constructor() {
    this.reset();
  }

  reset() {
    this.azimuth = -0.9;
    this.elevation = 0.28;
    this.distance = 4.6;
    this.target = null;
  }

  turn(azimuth, elevation) {
    this.azimuth = (this.azimuth + azimuth) % (2 * Math.PI);
    this.elevation = clamp(this.elevation + elevation, LOWEST, HIGHEST);
  }

  zoom(factor) {
    this.distance = clamp(this.distance * factor, NEAREST, FARTHEST);
  }

  /** Follows a point slowly, so that the figure stays in the picture without the picture swimming. */
  follow(point, share = 0.06) {
    if (!this.target) this.target = { ...point };
    for (const axis of ["x", "y", "z"]) this.target[axis] += share * (point[axis] - this.target[axis]);
  }

  /** A function from a world point (metres, z up) to `{ x, y, depth }` in pixels, or null behind the camera. */
  projector(width, height) {
    const { azimuth, elevation, distance } = this;
    const target = this.target ?? { x: 0, y: 0, z: 1 };
    const [sa, ca, se, ce] = [Math.sin(azimuth), Math.cos(azimuth), Math.sin(elevation), Math.cos(elevation)];
    const focal = FOCAL * Math.min(width, height);
    return ({ x, y, z }) => {
      const [dx, dy, dz] = [x - target.x, y - target.y, z - target.z];
      const right = -sa * dx + ca * dy;
      const towards = ce * (ca * dx + sa * dy) + se * dz;
      const up = -se * (ca * dx + sa * dy) + ce * dz;
      const depth = distance - towards;
      if (depth < 0.1) return null;
      return { x: width / 2 + (focal * right) / depth, y: height / 2 - (focal * up) / depth, depth };
    };
  }
}
