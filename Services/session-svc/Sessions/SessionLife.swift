import Messages

/// A session's life as a pure value: created → waiting → active → ended. Deletion ends the value itself.
///
/// States follow from who is registered: a phone that is removed takes an active session back to waiting.
struct SessionLife: Hashable {
  enum Registration: Hashable {
    /// The device takes a free place.
    case new
    /// It has its place already.
    case known
    case refused(SessionError)
  }

  private(set) var expectedDevices: Int
  private(set) var devices: Set<DeviceID>
  private(set) var isEnded: Bool

  init(expectedDevices: Int, devices: Set<DeviceID> = [], isEnded: Bool = false) {
    self.expectedDevices = expectedDevices
    self.devices = devices
    self.isEnded = isEnded
  }

  var state: SessionState {
    if isEnded { return .ended }
    if devices.isEmpty { return .created }
    return devices.count < expectedDevices ? .waiting : .active
  }

  mutating func register(_ device: DeviceID) -> Registration {
    if isEnded { return .refused(.sessionEnded) }
    if devices.contains(device) { return .known }
    guard devices.count < expectedDevices else { return .refused(.sessionFull(expected: expectedDevices)) }
    devices.insert(device)
    return .new
  }

  mutating func remove(_ device: DeviceID) { devices.remove(device) }

  /// Waits for another number of phones. Why not, if it may not be.
  mutating func expect(_ count: Int, in mode: SessionMode) -> SessionError? {
    if isEnded { return .sessionEnded }
    guard mode.allowedDevices.contains(count) else { return .invalidExpectedDevices(mode) }
    guard count >= devices.count else { return .fewerThanRegistered(devices.count) }
    expectedDevices = count
    return nil
  }

  /// How many phones may still come.
  var freePlaces: Int { isEnded ? 0 : max(0, expectedDevices - devices.count) }

  mutating func end() { isEnded = true }
}
