// Which phone stands where a camera of the calibration stood. Pure. A calibration (PROTOCOL.md) names the device of each
// camera; a file from a laboratory names its own cameras, and phones name themselves when they join.

const plain = (text) => (text ?? "").trim().toLowerCase();

/**
 * A phone for each camera where the names say so: the device's own name, or the label its owner gave it.
 * Returns device id by camera name; guesses nothing else, because a wrong guess makes a wrong figure. A phone that was
 * chosen and is away keeps its camera, unless another is named like it: it may come back.
 */
export function suggest(cameras, devices, chosen = {}) {
  const result = {};
  const taken = new Set(Object.values(chosen));
  for (const camera of cameras) {
    if (devices.some((device) => device.device_id === chosen[camera])) {
      result[camera] = chosen[camera];
      continue;
    }
    const found = devices.filter((device) => !taken.has(device.device_id)
      && [plain(device.device_id), plain(device.label)].includes(plain(camera)));
    if (found.length !== 1) continue;
    result[camera] = found[0].device_id;
    taken.add(found[0].device_id);
  }
  for (const camera of cameras) {
    if (chosen[camera] && !result[camera]) result[camera] = chosen[camera];
  }
  return result;
}

/** A phone stands in one place only: giving it to a camera takes it from another. */
export function choose(chosen, camera, device) {
  const others = Object.entries(chosen).filter(([name, id]) => name !== camera && id !== device);
  return Object.fromEntries(device ? [...others, [camera, device]] : others);
}

/** Whether each camera of a document is in the other too, with the same phone. */
export function isPartOf(document, other) {
  const known = new Set(other.cameras.map((camera) => JSON.stringify(camera)));
  return document.cameras.every((camera) => known.has(JSON.stringify(camera)));
}

/** The document with its cameras renamed to the phones; null while fewer than two cameras have one. */
export function rename(document, chosen) {
  const cameras = document.cameras
    .filter((camera) => chosen[camera.name])
    .map((camera) => ({ ...camera, name: chosen[camera.name] }));
  return cameras.length < 2 ? null : { ...document, cameras };
}
