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
    consent_record: status.consent_record ?? null,
    devices: (status.devices ?? []).map((device) => normaliseDevice(device, status.reconstruction?.time_shifts ?? [])),
  };
}

/** Bytes that recordings may still take: the least of what the phones' servers say; null while none does. Pure. */
export function roomForRecordings(devices) {
  const rooms = devices.map((device) => device.recording?.room_bytes).filter(Number.isFinite);
  return rooms.length > 0 ? Math.min(...rooms) : null;
}

function normaliseDevice(device, shifts) {
  const sync = device.sync;
  return {
    fps: 0,
    frames_recorded: 0,
    frames_lost: 0,
    bytes_recorded: 0,
    last_seen_ms: null,
    transport: null,
    recording: null,
    ...device,
    label: device.label ?? device.metadata?.label ?? "",
    time_shift: shifts.find(({ device_id }) => device_id === device.device_id) ?? null,
    sync: sync && Number.isFinite(sync.error_bound_ms)
      ? { ...sync, quality: QUALITIES.includes(sync.quality) ? sync.quality : "unknown" }
      : null,
  };
}
