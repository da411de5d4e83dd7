import Messages
import Timing

/// A session as it is stored.
public struct SessionRecord: Hashable, Sendable {
  public let id: SessionID
  public let mode: SessionMode
  public let userID: String
  public let expectedDevices: Int
  public let anchor: UTCAnchor
  public let consent: ConsentRecord
  /// Microseconds since the Unix epoch; nil while it runs.
  public let endedAt: Int64?

  public var createdAt: Int64 { anchor.utcMicroseconds }
}

/// A device as it is stored.
public struct DeviceRecord: Hashable, Sendable {
  public let key: DeviceKey
  /// What the phone says of itself.
  public let metadata: DeviceMetadata
  public var instance: Int
  /// Microseconds since the Unix epoch.
  public let registeredAt: Int64
  public var hasConnected: Bool
  public var isRemoved: Bool
  /// The `jti` of the device token it came in with; nil where it registered before that was kept.
  public let grant: String?
  /// The coach's name for it, which counts more than its own.
  public var givenLabel: String?
  /// Until when that token is good, seconds since the Unix epoch; nil where it was not kept, and once the coach has removed
  /// the phone.
  var grantExpiresAt: Int64?
  /// Removed, and token-svc has not yet said that its tokens are withdrawn.
  public var awaitsRevocation = false

  /// Its place was freed because its token had expired: nobody has removed it.
  var hasLapsed: Bool { isRemoved && grantExpiresAt != nil }

  func placed(on instance: Int) -> DeviceRecord {
    var moved = self
    moved.instance = instance
    return moved
  }

  /// What everybody else is told of it.
  var shownMetadata: DeviceMetadata { givenLabel.map { metadata.relabelled($0) } ?? metadata }
}
