import Timing

/// Makes a session. The pairing token is issued afterwards, by token-svc.
public struct CreateSession: ServiceRequest {
  public typealias Reply = SessionSummary
  public static let name = "sessions.create"
  public static let isIdempotent = false
  /// Not sent again when its answer stays away, so that is waited for a little longer.
  public static let deadline = Duration.seconds(3)

  /// nil makes `sess-YYYY-MM-DD-HHMMSS-xxxxxx`.
  public let session: SessionID?
  public let mode: SessionMode
  public let userID: String
  public let expectedDevices: Int
  /// Must be true: parental consent is recorded before the first frame can be accepted.
  public let consent: Bool
  /// Of the text that was agreed to, as whoever agreed named it; it is recorded, and never taken for granted.
  public let consentVersion: String?
  /// The asker's own name for this request, random: with it the session can be taken back, whether the answer arrived or not.
  public let attempt: String?

  public init(
    session: SessionID?, mode: SessionMode, userID: String, expectedDevices: Int, consent: Bool,
    consentVersion: String? = nil, attempt: String? = nil
  ) {
    self.consentVersion = consentVersion
    self.attempt = attempt
    self.session = session
    self.mode = mode
    self.userID = userID
    self.expectedDevices = expectedDevices
    self.consent = consent
  }
}

/// Takes back a session that was just made and that nobody was told of, as if it had never been asked for. One that a phone
/// has been in stays. Asked once the deadline of `CreateSession` has passed, or its answer has come: it is not made later.
public struct WithdrawSession: ServiceRequest {
  public typealias Reply = Done
  public static let name = "sessions.withdraw"

  /// Of the `CreateSession` that may have made it.
  public let attempt: String

  public init(attempt: String) { self.attempt = attempt }
}

/// What everybody may know of a session.
public struct SessionSummary: Codable, Hashable, Sendable {
  public let session: SessionID
  public let mode: SessionMode
  public let state: SessionState
  public let expectedDevices: Int
  public let registeredDevices: Int
  public let consentRecorded: Bool
  public let anchor: UTCAnchor

  public init(
    session: SessionID, mode: SessionMode, state: SessionState, expectedDevices: Int, registeredDevices: Int,
    consentRecorded: Bool, anchor: UTCAnchor
  ) {
    self.session = session
    self.mode = mode
    self.state = state
    self.expectedDevices = expectedDevices
    self.registeredDevices = registeredDevices
    self.consentRecorded = consentRecorded
    self.anchor = anchor
  }
}

/// Enters a device that has redeemed its pairing token. Asking twice is the same as once.
public struct RegisterDevice: ServiceRequest {
  public typealias Reply = DevicePlacement
  public static let name = "sessions.register_device"

  public let key: DeviceKey
  public let metadata: DeviceMetadata
  /// The `jti` of the device token that was redeemed: the one with which a phone was removed lets it in no more.
  public let grant: String
  /// Until when that token is good, seconds since the Unix epoch: afterwards its place is free. nil: for as long as the
  /// session is there.
  public let grantExpiresAt: Int64?

  public init(key: DeviceKey, metadata: DeviceMetadata, grant: String, grantExpiresAt: Int64? = nil) {
    self.key = key
    self.metadata = metadata
    self.grant = grant
    self.grantExpiresAt = grantExpiresAt
  }
}

/// Where a device's frames go.
public struct DevicePlacement: Codable, Hashable, Sendable {
  public let session: SessionSummary
  public let device: DeviceID
  /// Number of the stream-svc instance that owns this camera.
  public let instance: Int
  public let metadata: DeviceMetadata

  public init(session: SessionSummary, device: DeviceID, instance: Int, metadata: DeviceMetadata) {
    self.session = session
    self.device = device
    self.instance = instance
    self.metadata = metadata
  }
}

/// Asked when a registered phone connects: is it still welcome, and which instance is its own.
public struct LocateDevice: ServiceRequest {
  public typealias Reply = DevicePlacement
  public static let name = "sessions.locate_device"

  public let key: DeviceKey
  public init(key: DeviceKey) { self.key = key }
}

/// The state of a session and of each of its devices.
public struct GetSessionStatus: ServiceRequest {
  public struct Reply: Codable, Sendable {
    public let summary: SessionSummary
    public let devices: [DeviceStatus]
    /// For the coach alone.
    public let consent: ConsentRecord?
    public init(summary: SessionSummary, devices: [DeviceStatus], consent: ConsentRecord? = nil) {
      self.summary = summary
      self.devices = devices
      self.consent = consent
    }
  }
  public static let name = "sessions.status"

  public let session: SessionID
  public init(session: SessionID) { self.session = session }
}

/// One device as session-svc knows it.
public struct DeviceStatus: Codable, Hashable, Sendable {
  public let device: DeviceID
  public let metadata: DeviceMetadata
  public let instance: Int
  public let state: DeviceState
  /// Why it is in this state, for programs, and in words for a person; nil where the state says it all.
  public let cause: DeviceStateCause?
  public let reason: String?
  /// The last report of its stream-svc instance, if any came.
  public let report: DeviceReport?

  public init(
    device: DeviceID, metadata: DeviceMetadata, instance: Int, state: DeviceState, cause: DeviceStateCause? = nil,
    reason: String? = nil, report: DeviceReport?
  ) {
    self.device = device
    self.metadata = metadata
    self.instance = instance
    self.state = state
    self.cause = cause
    self.reason = reason
    self.report = report
  }
}

/// Newest first, at most `limit`.
public struct ListSessions: ServiceRequest {
  public struct Reply: Codable, Sendable {
    /// The newest first.
    public let sessions: [SessionSummary]
    /// Whether there are older ones.
    public let hasMore: Bool
    public init(sessions: [SessionSummary], hasMore: Bool) {
      self.sessions = sessions
      self.hasMore = hasMore
    }
  }
  public static let name = "sessions.list"

  public let limit: Int
  /// Lists those that are older than this one; nil begins with the newest.
  public let after: SessionID?
  public init(limit: Int, after: SessionID? = nil) {
    self.limit = limit
    self.after = after
  }
}

/// Closes a session to new frames.
public struct EndSession: ServiceRequest {
  public typealias Reply = SessionSummary
  public static let name = "sessions.end"

  public let session: SessionID
  public init(session: SessionID) { self.session = session }
}

/// Removes everything of a session, in every service. Asking again continues where a crash interrupted it.
public struct DeleteSession: ServiceRequest {
  public typealias Reply = DeletionReceipt
  public static let name = "sessions.delete"
  public static let deadline = Duration.seconds(20)

  public let session: SessionID
  public init(session: SessionID) { self.session = session }
}

/// What a deletion removed.
public struct DeletionReceipt: Codable, Hashable, Sendable {
  public let session: SessionID
  public let devices: Int
  public let tokens: Int
  public let recordingFiles: Int
  public let recordingBytes: Int
  public let poseFiles: Int
  /// Services that did not answer; their part is removed as soon as they do.
  public let pending: [String]

  public init(
    session: SessionID, devices: Int, tokens: Int, recordingFiles: Int, recordingBytes: Int, poseFiles: Int,
    pending: [String]
  ) {
    self.session = session
    self.devices = devices
    self.tokens = tokens
    self.recordingFiles = recordingFiles
    self.recordingBytes = recordingBytes
    self.poseFiles = poseFiles
    self.pending = pending
  }

  enum CodingKeys: String, CodingKey {
    case session = "session_id"
    case devices, tokens
    case recordingFiles = "recording_files"
    case recordingBytes = "recording_bytes"
    case poseFiles = "pose_files"
    case pending
  }
}
