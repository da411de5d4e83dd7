import Timing

/// The 32 bytes before a frame's payload on every transport (PROTOCOL.md, "Frames").
public struct FrameHeader: Hashable, Sendable {
  public static let size = 32
  /// A whole frame's payload may not be larger than this.
  public static let maximumPayload = 4 * 1024 * 1024

  public let codec: FrameCodec
  public let isKeyFrame: Bool
  public let width: UInt16
  public let height: UInt16
  /// From 1, per device and session, never reused.
  public let sequence: UInt32
  public let captured: DeviceTime
  /// Bytes of the whole frame, over all fragments.
  public let payloadLength: UInt32
  public let fragmentIndex: UInt16
  public let fragmentCount: UInt16

  public init(
    codec: FrameCodec = .jpeg, isKeyFrame: Bool = true, width: UInt16, height: UInt16, sequence: UInt32,
    captured: DeviceTime, payloadLength: UInt32, fragmentIndex: UInt16 = 0, fragmentCount: UInt16 = 1
  ) {
    self.codec = codec
    self.isKeyFrame = isKeyFrame
    self.width = width
    self.height = height
    self.sequence = sequence
    self.captured = captured
    self.payloadLength = payloadLength
    self.fragmentIndex = fragmentIndex
    self.fragmentCount = fragmentCount
  }

  /// What a number of JavaScript holds exactly: 285 years. Beyond it lies no clock, only overflow.
  private static let farthestCapture: Int64 = 1 << 53

  /// Reads the header that begins `message`; what follows is the payload of this fragment.
  public init(decoding message: UnsafeRawBufferPointer) throws(DecodingFailure) {
    var reader = ByteReader(message)
    try reader.magic("AXF1")
    guard let codec = FrameCodec(rawValue: try reader.integer()) else { throw .unknownValue(field: "codec") }
    let flags: UInt8 = try reader.integer()
    guard flags & ~1 == 0 else { throw .unknownValue(field: "flags") }
    let width: UInt16 = try reader.integer()
    let height: UInt16 = try reader.integer()
    guard width > 0, height > 0 else { throw .invalid(field: "dimensions") }
    guard try reader.integer(UInt16.self) == 0 else { throw .invalid(field: "reserved") }
    let sequence: UInt32 = try reader.integer()
    guard sequence > 0 else { throw .invalid(field: "sequence") }
    let captured = DeviceTime(microseconds: try reader.integer())
    guard (-Self.farthestCapture...Self.farthestCapture).contains(captured.microseconds) else {
      throw .invalid(field: "captured")
    }
    let payloadLength: UInt32 = try reader.integer()
    guard payloadLength <= Self.maximumPayload else {
      throw .tooLarge(field: "payload", limit: Self.maximumPayload)
    }
    guard payloadLength > 0 else { throw .invalid(field: "payload") }
    let index: UInt16 = try reader.integer()
    let count: UInt16 = try reader.integer()
    guard index < count else { throw .invalid(field: "fragment") }
    self.init(
      codec: codec, isKeyFrame: flags & 1 == 1, width: width, height: height, sequence: sequence,
      captured: captured, payloadLength: payloadLength, fragmentIndex: index, fragmentCount: count)
  }

  /// Reads an unfragmented frame and checks that the payload is exactly as long as the header says.
  public static func decodeWhole(
    _ message: UnsafeRawBufferPointer
  ) throws(DecodingFailure) -> (header: FrameHeader, payload: UnsafeRawBufferPointer) {
    let header = try FrameHeader(decoding: message)
    guard header.fragmentCount == 1 else { throw .unknownValue(field: "fragment") }
    let payload = UnsafeRawBufferPointer(rebasing: message[size...])
    let expected = Int(header.payloadLength)
    guard payload.count >= expected else { throw .truncated(needed: size + expected, have: message.count) }
    guard payload.count == expected else { throw .trailingBytes(payload.count - expected) }
    return (header, payload)
  }

  public func encode(into writer: inout ByteWriter) {
    writer.magic("AXF1")
    writer.integer(codec.rawValue)
    writer.integer(UInt8(isKeyFrame ? 1 : 0))
    writer.integer(width)
    writer.integer(height)
    writer.integer(UInt16(0))
    writer.integer(sequence)
    writer.integer(captured.microseconds)
    writer.integer(payloadLength)
    writer.integer(fragmentIndex)
    writer.integer(fragmentCount)
  }
}

/// How a frame's payload is coded. Only JPEG is accepted today; the other numbers are reserved.
public enum FrameCodec: UInt8, Sendable {
  case jpeg = 1
}
