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

  /// Whether somebody was removed whose tokens may still be good.
  var awaitsRevocation: Bool { devices.contains(where: \.awaitsRevocation) }

  /// With one device as it is now.
  func with(_ device: DeviceRecord) -> FoundSession {
    FoundSession(record: record, devices: devices.filter { $0.key != device.key } + [device])
  }

  /// The device, unless it is not registered or no more.
  func registered(_ key: DeviceKey) -> Result<DeviceRecord, SessionError> {
    guard let device = devices.first(where: { $0.key == key }) else { return .failure(.deviceNotRegistered) }
    if device.hasLapsed { return .failure(.deviceLapsed) }
    return device.isRemoved ? .failure(.deviceRemoved) : .success(device)
  }

  func placement(of device: DeviceRecord) -> DevicePlacement {
    DevicePlacement(
      session: summary, device: device.key.device, instance: device.instance, metadata: device.shownMetadata)
  }
}
