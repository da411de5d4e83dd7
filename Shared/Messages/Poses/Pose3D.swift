import Timing

/// One triangulated pose at one instant of the common grid: what edge-gateway journals, publishes and exports.
///
/// Binary, little-endian: `AXP1`, session as a short string, SessionTime i64, clock error bound u32 (µs), cameras u8,
/// count u8 (33), then per joint x, y, z f32 (metres, the calibration's world), confidence f32,
/// reprojection error f32 (pixels of the frames), views u8. A joint that could not be found has 0 views.
public struct Pose3D: Hashable, Sendable {
  public struct Joint: Hashable, Sendable {
    public let x: Float
    public let y: Float
    public let z: Float
    public let confidence: Float
    public let reprojectionErrorPx: Float
    /// How many cameras it was triangulated from; 0 when it could not be.
    public let views: UInt8

    public init(x: Float, y: Float, z: Float, confidence: Float, reprojectionErrorPx: Float, views: UInt8) {
      self.x = x
      self.y = y
      self.z = z
      self.confidence = confidence
      self.reprojectionErrorPx = reprojectionErrorPx
      self.views = views
    }

    public static let missing = Joint(x: 0, y: 0, z: 0, confidence: 0, reprojectionErrorPx: 0, views: 0)
  }

  public let session: SessionID
  public let time: SessionTime
  /// The largest of the cameras' bounds at this instant.
  public let clockErrorBoundMicroseconds: UInt32
  /// How many cameras saw the person at this instant.
  public let cameras: UInt8
  /// 33 joints in the order of `PoseLandmark`.
  public let joints: [Joint]

  public init(
    session: SessionID, time: SessionTime, clockErrorBoundMicroseconds: UInt32, cameras: UInt8, joints: [Joint]
  ) {
    self.session = session
    self.time = time
    self.clockErrorBoundMicroseconds = clockErrorBoundMicroseconds
    self.cameras = cameras
    self.joints = joints
  }

  public init(decoding bytes: UnsafeRawBufferPointer) throws(DecodingFailure) {
    var reader = ByteReader(bytes)
    try reader.magic("AXP1")
    guard let session = SessionID(try reader.shortString("session")) else { throw .invalid(field: "session") }
    self.session = session
    time = SessionTime(microseconds: try reader.integer())
    clockErrorBoundMicroseconds = try reader.integer()
    cameras = try reader.integer()
    let count = Int(try reader.integer(UInt8.self))
    guard count == Observation2D.jointCount else { throw .invalid(field: "count") }
    var joints: [Joint] = []
    joints.reserveCapacity(count)
    for _ in 0..<count {
      joints.append(
        Joint(
          x: try reader.finiteFloat("x"), y: try reader.finiteFloat("y"), z: try reader.finiteFloat("z"),
          confidence: try reader.finiteFloat("confidence"),
          reprojectionErrorPx: try reader.finiteFloat("reprojectionErrorPx"), views: try reader.integer()))
    }
    self.joints = joints
    try reader.finish()
  }

  public func encoded() -> [UInt8] {
    var writer = ByteWriter(reservingCapacity: 90 + joints.count * 21)
    writer.magic("AXP1")
    writer.shortString(session.text)
    writer.integer(time.microseconds)
    writer.integer(clockErrorBoundMicroseconds)
    writer.integer(cameras)
    writer.integer(UInt8(joints.count))
    for joint in joints {
      writer.float(joint.x)
      writer.float(joint.y)
      writer.float(joint.z)
      writer.float(joint.confidence)
      writer.float(joint.reprojectionErrorPx)
      writer.integer(joint.views)
    }
    return writer.bytes
  }
}
