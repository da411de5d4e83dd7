/// Whether a device's frames get to disk, and how much more would.
public struct RecordingStatus: Codable, Hashable, Sendable {
  /// Bytes that recordings may still take: what is free on their disk less the operator's reserve. Nil until measured.
  public let roomBytes: UInt64?
  /// Why recording stands still, by its code in PROTOCOL.md; nil while it does not.
  public let problem: String?

  public init(roomBytes: UInt64?, problem: String?) {
    self.roomBytes = roomBytes
    self.problem = problem
  }

  enum CodingKeys: String, CodingKey {
    case roomBytes = "room_bytes"
    case problem
  }
}
