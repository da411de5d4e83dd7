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

  public static let byteCount = 24

  /// - Parameter bytes: room for `byteCount` of them.
  public func write(to bytes: UnsafeMutableRawBufferPointer) {
    precondition(bytes.count == Self.byteCount, "an envelope has its size")
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
    bytes.copyBytes(from: Self.magic)
    bytes[4] = kind.rawValue
    bytes.storeBytes(of: id.littleEndian, toByteOffset: 8, as: UInt64.self)
    bytes.storeBytes(of: deadline.microseconds.littleEndian, toByteOffset: 16, as: Int64.self)
  }

  public func encoded() -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
      write(to: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: Self.byteCount))
      count = Self.byteCount
    }
  }

  private static let magic = Array("AXQ1".utf8)
}
