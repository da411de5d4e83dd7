import Timing

/// The first part of every request and reply: 24 bytes, little-endian.
///
/// `AXQ1`, kind u8, three zero bytes, request id u64, deadline SessionTime i64 (requests; 0 in replies).
public struct RequestEnvelope: Hashable, Sendable {
  public enum Kind: UInt8, Sendable {
    /// Followed by the request's name and its body.
    case request = 1
    /// Followed by the reply's body.
    case reply = 2
    /// Followed by a `ServiceError` as JSON.
    case failure = 3
  }

  public let kind: Kind
  public let id: UInt64
  public let deadline: SessionTime

  public init(kind: Kind, id: UInt64, deadline: SessionTime = .zero) {
    self.kind = kind
    self.id = id
    self.deadline = deadline
  }

  public init(decoding bytes: UnsafeRawBufferPointer) throws(DecodingFailure) {
    var reader = ByteReader(bytes)
    try reader.magic("AXQ1")
    guard let kind = Kind(rawValue: try reader.integer()) else { throw .unknownValue(field: "kind") }
    guard try reader.integer(UInt8.self) == 0, try reader.integer(UInt16.self) == 0 else {
      throw .invalid(field: "reserved")
    }
    let id: UInt64 = try reader.integer()
    let deadline = SessionTime(microseconds: try reader.integer())
    try reader.finish()
    self.init(kind: kind, id: id, deadline: deadline)
  }

  public func encoded() -> [UInt8] {
    var writer = ByteWriter(reservingCapacity: 24)
    writer.magic("AXQ1")
    writer.integer(kind.rawValue)
    writer.integer(UInt8(0))
    writer.integer(UInt16(0))
    writer.integer(id)
    writer.integer(deadline.microseconds)
    return writer.bytes
  }
}
