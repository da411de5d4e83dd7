import Timing

/// What api-front and one stream-svc instance say to each other about one phone's connection.
///
/// Two parts on the wire: a fixed 24-byte header, and the payload untouched, so that a frame is relayed without a look.
/// `link` is a number that api-front gives each connection; it is never reused while api-front runs.
public struct PhoneLinkHeader: Hashable, Sendable {
  public static let size = 24

  public let kind: PhoneLinkKind
  public let link: UInt64
  /// When the bytes arrived at (going up) or left (going down) the sending process.
  public let at: SessionTime

  public init(kind: PhoneLinkKind, link: UInt64, at: SessionTime) {
    self.kind = kind
    self.link = link
    self.at = at
  }

  public init(decoding bytes: UnsafeRawBufferPointer) throws(DecodingFailure) {
    var reader = ByteReader(bytes)
    try reader.magic("AXL1")
    guard let kind = PhoneLinkKind(rawValue: try reader.integer()) else { throw .unknownValue(field: "kind") }
    guard try reader.integer(UInt8.self) == 0, try reader.integer(UInt16.self) == 0 else {
      throw .invalid(field: "reserved")
    }
    let link: UInt64 = try reader.integer()
    let at = SessionTime(microseconds: try reader.integer())
    try reader.finish()
    self.init(kind: kind, link: link, at: at)
  }

  public func encoded() -> [UInt8] {
    var writer = ByteWriter(reservingCapacity: Self.size)
    writer.magic("AXL1")
    writer.integer(kind.rawValue)
    writer.integer(UInt8(0))
    writer.integer(UInt16(0))
    writer.integer(link)
    writer.integer(at.microseconds)
    return writer.bytes
  }
}

/// The kinds of message on a phone link. 1 to 15 go up to stream-svc, 16 and above come down.
public enum PhoneLinkKind: UInt8, Sendable, CaseIterable {
  /// Payload: `PhoneLinkOpen` as JSON. Sent first, and again when asked by `reopen`.
  case open = 1
  /// Payload: a frame as the phone sent it, header included.
  case frame = 2
  /// Payload: a text message of the phone, as it came.
  case text = 3
  /// Payload: `ClockSample`, four little-endian Int64 in the order of its fields.
  case clockSample = 4
  /// The connection is gone. No payload.
  case close = 5
  /// Are you there? No payload, link 0.
  case ping = 6

  /// Payload: a text message for the phone.
  case textDown = 16
  /// Close the phone's connection. Payload: `ServiceError` as JSON.
  case closeDown = 17
  /// This link is not known here (a restart): send `open` again. No payload.
  case reopen = 18
  /// Payload: the boot id, 8 bytes; another one than before means a restart.
  case pong = 19
}

/// Everything stream-svc must know of a phone before its first frame.
public struct PhoneLinkOpen: Codable, Hashable, Sendable {
  public let key: DeviceKey
  public let transport: Transport
  public let metadata: DeviceMetadata
  public let mode: SessionMode
  public let anchor: UTCAnchor

  public init(
    key: DeviceKey, transport: Transport, metadata: DeviceMetadata, mode: SessionMode, anchor: UTCAnchor
  ) {
    self.key = key
    self.transport = transport
    self.metadata = metadata
    self.mode = mode
    self.anchor = anchor
  }
}

extension ClockSample {
  public static let encodedSize = 32

  public init(decoding bytes: UnsafeRawBufferPointer) throws(DecodingFailure) {
    var reader = ByteReader(bytes)
    self.init(
      deviceSent: DeviceTime(microseconds: try reader.integer()),
      serverReceived: SessionTime(microseconds: try reader.integer()),
      serverSent: SessionTime(microseconds: try reader.integer()),
      deviceReceived: DeviceTime(microseconds: try reader.integer()))
    try reader.finish()
  }

  public func encoded() -> [UInt8] {
    var writer = ByteWriter(reservingCapacity: Self.encodedSize)
    writer.integer(deviceSent.microseconds)
    writer.integer(serverReceived.microseconds)
    writer.integer(serverSent.microseconds)
    writer.integer(deviceReceived.microseconds)
    return writer.bytes
  }
}
