// The live 3D view: keeps the newest pose, draws when something changed, turns with mouse, finger and keyboard.

import { middleOf, UpFinder, uprightPoint } from "./body.js";
import { drawFigure, drawFloor } from "./figure.js";
import { Orbit } from "./orbit.js";

const HIPS = [23, 24];
const FEET = [27, 28, 29, 30, 31, 32];
const STEP = 0.12;
/** A pose older than this is drawn faintly: what is seen is no longer now. */
const STALE_MS = 1500;

export class Viewer {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.orbit = new Orbit();
    this.up = new UpFinder();
    this.isDirty = true;
    this.clear();
    this.listen();
    this.resize();
    new ResizeObserver(() => this.resize()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.resize());
    const step = () => {
      if (this.isDirty) this.draw();
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  clear() {
    this.joints = null;
    this.arrivedAt = -Infinity;
    this.floor = null;
    this.up = new UpFinder();
    this.orbit.target = null;
    this.isDirty = true;
  }

  show(pose) {
    const axis = this.up.add(pose.joints);
    this.joints = pose.joints.map((joint) => ({ ...joint, ...uprightPoint(joint, axis) }));
    this.arrivedAt = performance.now();
    const hips = middleOf(this.joints, HIPS);
    if (hips) this.orbit.follow(hips);
    const feet = FEET.map((index) => this.joints[index]).filter((joint) => joint.views > 0);
    if (feet.length > 0) {
      const lowest = Math.min(...feet.map((joint) => joint.z));
      // Down at once, up slowly: a jump does not lift the floor.
      this.floor = this.floor === null || lowest < this.floor ? lowest : this.floor + 0.002 * (lowest - this.floor);
    }
    this.isDirty = true;
    clearTimeout(this.staleTimer);
    this.staleTimer = setTimeout(() => (this.isDirty = true), STALE_MS + 50);
  }

  resize() {
    const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    this.canvas.width = Math.max(1, Math.round(this.canvas.clientWidth * ratio));
    this.canvas.height = Math.max(1, Math.round(this.canvas.clientHeight * ratio));
    const style = getComputedStyle(this.canvas);
    const color = (name) => style.getPropertyValue(`--${name}`).trim();
    this.colors = {
      line: color("figure-line"), left: color("figure-left"), right: color("figure-right"),
      middle: color("figure-middle"), ink: color("figure-ink"),
    };
    this.isDirty = true;
  }

  draw() {
    this.isDirty = false;
    const { context, canvas } = this;
    const { width, height } = canvas;
    context.clearRect(0, 0, width, height);
    const project = this.orbit.projector(width, height);
    drawFloor(context, project, this.orbit.target ?? { x: 0, y: 0 }, this.floor ?? 0, this.colors);
    if (!this.joints) return;
    context.globalAlpha = performance.now() - this.arrivedAt > STALE_MS ? 0.35 : 1;
    drawFigure(context, project, this.joints, this.colors, 1.25 * Math.min(width, height));
    context.globalAlpha = 1;
  }

  listen() {
    const { canvas } = this;
    const pointers = new Map();
    let spread = 0;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, event);
      spread = 0;
    });
    canvas.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      pointers.set(event.pointerId, event);
      if (pointers.size === 1) {
        this.turn((before.clientX - event.clientX) / 180, (event.clientY - before.clientY) / 180);
        return;
      }
      const [a, b] = [...pointers.values()];
      const distance = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
      if (spread > 0) this.zoom(spread / Math.max(1, distance));
      spread = distance;
    });
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, (event) => pointers.delete(event.pointerId));
    }
    canvas.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        this.zoom(Math.exp(Math.sign(event.deltaY) * 0.1));
      },
      { passive: false },
    );
    canvas.addEventListener("dblclick", () => this.reset());
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    const actions = {
      ArrowLeft: () => this.turn(-STEP, 0),
      ArrowRight: () => this.turn(STEP, 0),
      ArrowUp: () => this.turn(0, STEP),
      ArrowDown: () => this.turn(0, -STEP),
      "+": () => this.zoom(0.9),
      "=": () => this.zoom(0.9),
      "-": () => this.zoom(1.1),
      0: () => this.reset(),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  turn(azimuth, elevation) {
    this.orbit.turn(azimuth, elevation);
    this.isDirty = true;
  }

  zoom(factor) {
    this.orbit.zoom(factor);
    this.isDirty = true;
  }

  reset() {
    const { target } = this.orbit;
    this.orbit.reset();
    this.orbit.target = target;
    this.isDirty = true;
  }
}
