// Draws floor and figure on a 2D canvas.

import { BONES, DOTS, headOf, neckOf } from "./body.js";

const CELL = 0.5;
const CELLS = 6;

/** `colors`: ground lines, left, right, middle, ink. */
export function drawFloor(context, project, centre, floor, colors) {
  const half = CELL * CELLS;
  const snap = (value) => Math.round(value / CELL) * CELL;
  const [cx, cy] = [snap(centre.x), snap(centre.y)];
  context.lineWidth = 1;
  context.strokeStyle = colors.line;
  context.beginPath();
  for (let index = -CELLS; index <= CELLS; index += 1) {
    const offset = index * CELL;
    segment(context, project, { x: cx + offset, y: cy - half, z: floor }, { x: cx + offset, y: cy + half, z: floor });
    segment(context, project, { x: cx - half, y: cy + offset, z: floor }, { x: cx + half, y: cy + offset, z: floor });
  }
  context.stroke();
}

function segment(context, project, from, to) {
  const [a, b] = [project(from), project(to)];
  if (!a || !b) return;
  context.moveTo(a.x, a.y);
  context.lineTo(b.x, b.y);
}

/** `joints`: upright points with `views`; those with none are left out. */
export function drawFigure(context, project, joints, colors, scale) {
  context.lineCap = "round";
  for (const side of ["right", "middle", "left"]) {
    context.strokeStyle = colors[side];
    for (const [from, to] of BONES[side]) bone(context, project, joints[from], joints[to], scale);
  }
  const [head, neck] = [headOf(joints), neckOf(joints)];
  if (head && neck) {
    context.strokeStyle = colors.middle;
    bone(context, project, { ...neck, views: 1 }, { ...head, views: 1 }, scale);
    const spot = project(head);
    if (spot) {
      context.fillStyle = colors.middle;
      context.beginPath();
      context.arc(spot.x, spot.y, (0.1 * scale) / spot.depth, 0, 2 * Math.PI);
      context.fill();
    }
  }
  context.fillStyle = colors.ink;
  for (const index of DOTS) {
    const spot = joints[index].views > 0 ? project(joints[index]) : null;
    if (!spot) continue;
    context.beginPath();
    context.arc(spot.x, spot.y, (0.022 * scale) / spot.depth, 0, 2 * Math.PI);
    context.fill();
  }
}

function bone(context, project, from, to, scale) {
  if (from.views === 0 || to.views === 0) return;
  const [a, b] = [project(from), project(to)];
  if (!a || !b) return;
  context.lineWidth = Math.max(2, (0.045 * scale) / ((a.depth + b.depth) / 2));
  context.beginPath();
  context.moveTo(a.x, a.y);
  context.lineTo(b.x, b.y);
  context.stroke();
}
