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

/// Why a device is in its state, where the state does not say it all.
public enum DeviceStateCause: String, Codable, Sendable, CaseIterable {
  case neverConnected = "never_connected"
  /// Since session-svc was restarted.
  case notHeardOf = "not_heard_of"
  /// The device's stream-svc instance does not report, whatever the phone does.
  case silentInstance = "silent_instance"
  /// Connected, and sends nothing.
  case noFrames = "no_frames"
  case connectionClosed = "connection_closed"
}

/// How a phone's frames arrive.
public enum Transport: String, Codable, Sendable, CaseIterable {
  case webrtc, websocket, http
}
