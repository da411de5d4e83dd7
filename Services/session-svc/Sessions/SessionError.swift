import Messages

/// Why session-svc refuses. The codes are public and listed in PROTOCOL.md.
public enum SessionError: Error, Hashable, Sendable {
  case sessionNotFound
  case sessionExists
  case sessionBeingDeleted
  case sessionEnded
  case sessionFull(expected: Int)
  case deviceNotRegistered
  case deviceRemoved
  case deviceLapsed
  case consentRequired
  case invalidUserID
  case invalidExpectedDevices(SessionMode)
  case fewerThanRegistered(Int)
  case invalidLabel
  case removalUnfinished
  case noFreeName

  public var serviceError: ServiceError {
    switch self {
    case .sessionNotFound: .sessionNotFound
    case .sessionExists:
      .conflict("session_exists", "A session of this name exists. Choose another name, or \"auto\".")
    case .sessionBeingDeleted:
      .conflict("session_being_deleted", "A session of this name is being deleted. Choose another name for now.")
    case .sessionEnded: .conflict("session_ended", "The session has ended. Ask the coach for a new one.")
    case .sessionFull(let expected):
      .conflict("session_full", "All \(expected) expected phones are registered. Remove one, or add a place first.")
    case .deviceNotRegistered:
      .notFound("device_not_registered", "This phone is not registered in the session. Scan the QR code.")
    case .deviceRemoved: .deviceRemoved
    case .deviceLapsed: .deviceTokenExpired
    case .consentRequired:
      .invalid("consent_required", "Parental consent must be given before a session can be made.")
    case .invalidUserID:
      .invalid("invalid_user_id", "user_id must be 1 to 128 bytes without control or invisible characters.")
    case .invalidExpectedDevices(let mode):
      .invalid(
        "invalid_expected_devices",
        mode == .single ? "Single mode takes exactly 1 phone." : "3D mode takes 2 to 4 phones.")
    case .fewerThanRegistered(let registered):
      .conflict("fewer_than_registered", "\(registered) phones are registered. Remove one before you expect fewer.")
    case .invalidLabel:
      .invalid("invalid_label", "label must be 1 to 200 bytes of text without control or invisible characters.")
    case .removalUnfinished:
      ServiceError(
        code: "removal_unfinished",
        message: "A phone is being removed, which waits for token-svc. Try again in a moment.", status: 503)
    case .noFreeName:
      ServiceError(code: "no_free_name", message: "No free session name was found. Try again.", status: 503)
    }
  }
}
