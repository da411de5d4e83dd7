import Timing

/// The 2D pose one camera saw in one frame: what leaves stream-svc instead of pixels.
///
/// Binary, little-endian: `AXO1`, session and device as short strings, sequence u32, capture SessionTime i64,
/// clock error bound u32 (µs), recorded-at SessionTime i64, width u16, height u16, score f32, count u8 (0 or 33), then
/// per joint x f32, y f32 (pixels of this frame, x right, y down, from the corner of the picture), confidence f32 (0…1).
public struct Observation2D: Hashable, Sendable {
  public struct Joint: Hashable, Sendable {
    public let x: Float
    public let y: Float
    public let confidence: Float
    public init(x: Float, y: Float, confidence: Float) {
      self.x = x
      self.y = y
      self.confidence = confidence
    }
  }

  public static let jointCount = 33

  public let key: DeviceKey
  public let sequence: UInt32
  public let captured: SessionTime
  public let clockErrorBoundMicroseconds: UInt32
  /// When the frame was on disk: for measuring where time goes.
  public let recorded: SessionTime
  public let width: UInt16
  public let height: UInt16
  /// The landmark model's own confidence that somebody is there, 0…1.
  public let score: Float
  /// 33 joints in the order of `PoseLandmark`, or none when nobody was in view.
  public let joints: [Joint]

  public init(
    key: DeviceKey, sequence: UInt32, captured: SessionTime, clockErrorBoundMicroseconds: UInt32,
    recorded: SessionTime, width: UInt16, height: UInt16, score: Float, joints: [Joint]
  ) {
    self.key = key
    self.sequence = sequence
    self.captured = captured
    self.clockErrorBoundMicroseconds = clockErrorBoundMicroseconds
    self.recorded = recorded
    self.width = width
    self.height = height
    self.score = score
    self.joints = joints
  }

  public init(decoding bytes: UnsafeRawBufferPointer) throws(DecodingFailure) {
    var reader = ByteReader(bytes)
    try reader.magic("AXO1")
    key = try DeviceKey(reading: &reader)
    sequence = try reader.integer()
    captured = SessionTime(microseconds: try reader.integer())
    clockErrorBoundMicroseconds = try reader.integer()
    recorded = SessionTime(microseconds: try reader.integer())
    width = try reader.integer()
    height = try reader.integer()
    guard width > 0, height > 0 else { throw .invalid(field: "dimensions") }
    score = try reader.finiteFloat("score")
    let count = Int(try reader.integer(UInt8.self))
    guard count == 0 || count == Self.jointCount else { throw .invalid(field: "count") }
    var joints: [Joint] = []
    joints.reserveCapacity(count)
    for _ in 0..<count {
      joints.append(
        Joint(
          x: try reader.finiteFloat("x"), y: try reader.finiteFloat("y"),
          confidence: try reader.finiteFloat("confidence")))
    }
    self.joints = joints
    try reader.finish()
  }

  public func encoded() -> [UInt8] {
    var writer = ByteWriter(reservingCapacity: 180 + joints.count * 12)
    writer.magic("AXO1")
    key.encode(into: &writer)
    writer.integer(sequence)
    writer.integer(captured.microseconds)
    writer.integer(clockErrorBoundMicroseconds)
    writer.integer(recorded.microseconds)
    writer.integer(width)
    writer.integer(height)
    writer.float(score)
    writer.integer(UInt8(joints.count))
    for joint in joints {
      writer.float(joint.x)
      writer.float(joint.y)
      writer.float(joint.confidence)
    }
    return writer.bytes
  }
}

extension DeviceKey {
  init(reading reader: inout ByteReader) throws(DecodingFailure) {
    guard let session = SessionID(try reader.shortString("session")) else { throw .invalid(field: "session") }
    guard let device = DeviceID(try reader.shortString("device")) else { throw .invalid(field: "device") }
    self.init(session: session, device: device)
  }

  func encode(into writer: inout ByteWriter) {
    writer.shortString(session.text)
    writer.shortString(device.text)
  }
}
