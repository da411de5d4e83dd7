import Timing

/// One request or reply among those that travel together in one message of the bus. It borrows its bytes.
///
/// 32 bytes, little-endian, then the name and the body: `AXQ2`, kind u8, bytes of name u8, zero u16, bytes of body u32,
/// zero u32, request id u64, deadline SessionTime i64 (requests; 0 in replies). The next record follows at once.
public struct RequestRecord {
  public enum Kind: UInt8, Sendable {
    /// The body is the request's.
    case request = 1
    /// The body is the reply's; there is no name.
    case reply = 2
    /// The body is a `ServiceError` as JSON; there is no name.
    case failure = 3
  }

  public static let headerByteCount = 32

  public let kind: Kind
  public let id: UInt64
  public let deadline: SessionTime
  /// In UTF-8. Like `body` good for as long as the message that the record was read from.
  public let name: UnsafeRawBufferPointer
  public let body: UnsafeRawBufferPointer

  /// Reads one record; what follows it is left in `reader`.
  public init(from reader: inout ByteReader) throws(DecodingFailure) {
    try reader.magic("AXQ2")
    guard let kind = Kind(rawValue: try reader.integer()) else { throw .unknownValue(field: "kind") }
    let nameByteCount = Int(try reader.integer(UInt8.self))
    guard try reader.integer(UInt16.self) == 0 else { throw .invalid(field: "reserved") }
    let bodyByteCount = Int(try reader.integer(UInt32.self))
    guard try reader.integer(UInt32.self) == 0 else { throw .invalid(field: "reserved") }
    self.kind = kind
    id = try reader.integer()
    deadline = SessionTime(microseconds: try reader.integer())
    name = try reader.bytes(nameByteCount)
    body = try reader.bytes(bodyByteCount)
  }

  /// Writes a record behind those that are in `bytes`.
  ///
  /// - Parameters:
  ///   - name: at most 255 bytes; empty in replies.
  ///   - body: less than 4 GiB.
  public static func append(
    _ kind: Kind, id: UInt64, deadline: SessionTime = .zero, name: String = "", body: [UInt8], to bytes: inout [UInt8]
  ) {
    var name = name
    name.withUTF8 { name in
      withUnsafeTemporaryAllocation(byteCount: headerByteCount, alignment: 8) { header in
        header.initializeMemory(as: UInt8.self, repeating: 0)
        header.copyBytes(from: magic)
        header[4] = kind.rawValue
        header[5] = UInt8(name.count)
        header.storeBytes(of: UInt32(body.count).littleEndian, toByteOffset: 8, as: UInt32.self)
        header.storeBytes(of: id.littleEndian, toByteOffset: 16, as: UInt64.self)
        header.storeBytes(of: deadline.microseconds.littleEndian, toByteOffset: 24, as: Int64.self)
        bytes.append(contentsOf: UnsafeRawBufferPointer(header))
      }
      bytes.append(contentsOf: name)
    }
    bytes.append(contentsOf: body)
  }

  private static let magic = Array("AXQ2".utf8)
}
