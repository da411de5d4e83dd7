import Messages

/// A stored session with its devices, and what follows from them.
struct FoundSession {
  let record: SessionRecord
  /// Removed ones included.
  let devices: [DeviceRecord]

  var life: SessionLife {
    SessionLife(
      expectedDevices: record.expectedDevices, devices: Set(devices.filter { !$0.isRemoved }.map(\.key.device)),
      isEnded: record.endedAt != nil)
  }

  var summary: SessionSummary {
    let life = life
    return SessionSummary(
      session: record.id, mode: record.mode, state: life.state, expectedDevices: record.expectedDevices,
      registeredDevices: life.devices.count, consentRecorded: true, anchor: record.anchor)
  }

  func placement(of device: DeviceRecord) -> DevicePlacement {
    DevicePlacement(
      session: summary, device: device.key.device, instance: device.instance, metadata: device.metadata)
  }
}
