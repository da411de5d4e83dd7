import Messages
import Timing

/// Who agreed to what, and when.
public struct ConsentRecord: Hashable, Sendable {
  public let givenBy: String
  /// Microseconds since the Unix epoch.
  public let givenAt: Int64
  public let textVersion: String
}

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
  public let metadata: DeviceMetadata
  public let instance: Int
  /// Microseconds since the Unix epoch.
  public let registeredAt: Int64
  public let hasConnected: Bool
  public let isRemoved: Bool

  func placed(on instance: Int) -> DeviceRecord {
    DeviceRecord(
      key: key, metadata: metadata, instance: instance, registeredAt: registeredAt, hasConnected: hasConnected,
      isRemoved: isRemoved)
  }
}
