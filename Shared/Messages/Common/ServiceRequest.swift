/// A question one process asks another. It names its reply, so a mismatch does not compile.
///
/// Most are a `ServiceRequest`, written as JSON. What is asked too often for JSON is a `HotRequest`.
public protocol BusRequest: Sendable {
  associatedtype Reply: Sendable

  /// The name on the wire, `conversation.verb`. Never reused for another meaning.
  static var name: String { get }
  /// How long the asker waits for one attempt.
  static var deadline: Duration { get }
  /// Whether asking twice does the same as asking once, so that the client may retry after a time-out.
  static var isIdempotent: Bool { get }

  func encodedBody() throws -> [UInt8]
  static func decodeBody(_ bytes: UnsafeRawBufferPointer) throws -> Self
  static func encodeReply(_ reply: Reply) throws -> [UInt8]
  static func decodeReply(_ bytes: UnsafeRawBufferPointer) throws -> Reply
}

extension BusRequest {
  public static var deadline: Duration { .seconds(2) }
  public static var isIdempotent: Bool { true }
}

/// A request whose body and reply are JSON.
public protocol ServiceRequest: BusRequest, Codable where Reply: Codable {}

extension ServiceRequest {
  public func encodedBody() throws -> [UInt8] { try JSONBody.encode(self) }
  public static func decodeBody(_ bytes: UnsafeRawBufferPointer) throws -> Self { try JSONBody.decode(bytes) }
  public static func encodeReply(_ reply: Reply) throws -> [UInt8] { try JSONBody.encode(reply) }
  public static func decodeReply(_ bytes: UnsafeRawBufferPointer) throws -> Reply { try JSONBody.decode(bytes) }
}

/// A request whose body and reply each have a little-endian layout of their own.
public protocol HotRequest: BusRequest, BinaryLayout where Reply: BinaryLayout {}

extension HotRequest {
  public func encodedBody() throws -> [UInt8] { encoded() }
  public static func decodeBody(_ bytes: UnsafeRawBufferPointer) throws -> Self { try Self(decoding: bytes) }
  public static func encodeReply(_ reply: Reply) throws -> [UInt8] { reply.encoded() }
  public static func decodeReply(_ bytes: UnsafeRawBufferPointer) throws -> Reply { try Reply(decoding: bytes) }
}

/// A value that is one message in a fixed little-endian layout.
public protocol BinaryLayout {
  /// Reads exactly one value: short, left-over and unknown bytes are refused.
  init(decoding bytes: UnsafeRawBufferPointer) throws(DecodingFailure)
  func encoded() -> [UInt8]
}

/// The reply of a request that has nothing to say beyond "done".
public struct Done: Codable, Sendable, Equatable {
  public init() {}
}
