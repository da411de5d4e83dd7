/// One phone as a camera, or two to four as one 3D rig.
public enum SessionMode: String, Codable, Sendable, CaseIterable {
  case single
  case threeD = "3d"

  public var allowedDevices: ClosedRange<Int> {
    switch self {
    case .single: 1...1
    case .threeD: 2...4
    }
  }
}

/// Where a session is in its life.
public enum SessionState: String, Codable, Sendable, CaseIterable {
  /// Made; no phone has registered.
  case created
  /// Some, not all, expected phones are registered.
  case waiting
  /// All expected phones are registered.
  case active
  /// Closed to new frames.
  case ended
}

/// Where a device is in its life.
public enum DeviceState: String, Codable, Sendable, CaseIterable {
  case registered, connected, streaming, stale, gone
}

/// How a phone's frames arrive.
public enum Transport: String, Codable, Sendable, CaseIterable {
  case webrtc, websocket, http
}
