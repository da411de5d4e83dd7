// The server's status in one shape, whatever is missing from it: the rest of the page need not check.

const QUALITIES = ["good", "acceptable", "poor"];

/** Fills gaps with what “nothing known yet” means. */
export function normalise(status) {
  return {
    session_id: status.session_id,
    mode: status.mode ?? "3d",
    state: status.state ?? "created",
    expected_devices: status.expected_devices ?? 0,
    maximum_devices: status.maximum_devices ?? status.expected_devices ?? 0,
    reconstruction: status.reconstruction ?? null,
    devices: (status.devices ?? []).map(normaliseDevice),
  };
}

function normaliseDevice(device) {
  const sync = device.sync;
  return {
    fps: 0,
    frames_recorded: 0,
    frames_lost: 0,
    bytes_recorded: 0,
    last_seen_ms: null,
    transport: null,
    ...device,
    label: device.label ?? device.metadata?.label ?? "",
    sync: sync && Number.isFinite(sync.error_bound_ms)
      ? { ...sync, quality: QUALITIES.includes(sync.quality) ? sync.quality : "unknown" }
      : null,
  };
}
