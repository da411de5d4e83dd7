import Messages
import Timing

/// Estimates from the motion itself how far the cameras' times are apart: the shifts that minimise the reprojection error.
///
/// A camera whose times are late by δ shows a joint where it was δ ago, so its sighting lies off by δ times the joint's
/// velocity in the picture. That is one linear equation for each sighting; the joint's position is eliminated from them, and
/// what is left is solved for the cameras' shifts. Nothing here knows clocks, so it can check them. It never corrects
/// them: a calibration that is off, or a person who hardly moves, must not bend time.
///
/// A pure value, fed with aligned sets. It remembers the last minutes, in blocks; from how the blocks disagree comes the
/// standard error.
public struct MotionCrossCheck: Sendable {
  private static let maximumBlocks = 60
  /// Velocities are taken over this much, µs, so that the landmarks' jitter does not pass for motion.
  private static let velocitySpan: Int64 = 130_000
  private static let longestSpan: Int64 = 250_000
  /// Sets closer together say the same again.
  private static let stride: Int64 = 60_000
  /// Joints that move most, and that the model finds best.
  private static let joints: [PoseLandmark] = [
    .leftShoulder, .rightShoulder, .leftElbow, .rightElbow, .leftWrist, .rightWrist, .leftHip, .rightHip, .leftKnee,
    .rightKnee, .leftAnkle, .rightAnkle,
  ]

  private let calibration: Calibration
  private var rig: ScaledRig
  /// The latest sets, oldest first: those within the span of a velocity.
  private var recent: [AlignedSet] = []
  /// What earlier stretches of time said.
  private var blocks: [ShiftSystem] = []
  /// The present stretch, by joint.
  private var gathered: [TimeShiftEquations]
  private var blockEnd = SessionTime.zero
  private var lastUse = SessionTime.zero
  private let blockLength: Int64
  private let minimumBlocks: Int

  /// - Parameters:
  ///   - blockLength: longer than errors of landmarks last, and than a stride.
  ///   - minimumBlocks: how many must have passed before anything is said, at least two.
  public init(calibration: Calibration, blockLength: Duration = .seconds(2), minimumBlocks: Int = 5) {
    self.calibration = calibration
    self.blockLength = blockLength.wholeMicroseconds
    self.minimumBlocks = max(2, minimumBlocks)
    gathered = Self.empty(calibration)
    rig = ScaledRig(calibration)
  }

  /// Takes the next set into account; sets come in order of time.
  public mutating func add(_ set: AlignedSet) {
    if let last = recent.last, set.time <= last.time || set.time - last.time > Self.longestSpan { recent = [] }
    recent.append(set)
    guard let first = recent.first, set.time - first.time >= Self.velocitySpan else { return }
    // The latest set that still leaves a long enough span is where the velocity begins.
    while recent.count > 3, set.time - recent[1].time >= Self.velocitySpan { recent.removeFirst() }
    guard recent.count >= 3, set.time - lastUse >= Self.stride else { return }
    lastUse = set.time
    if set.time >= blockEnd { finishBlock(at: set.time) }
    let motion = SetMotion(from: recent[0], through: recent[recent.count / 2], to: set)
    for (index, joint) in Self.joints.enumerated() {
      gathered[index].add(rig.sightings(of: joint, in: motion))
    }
  }

  private mutating func finishBlock(at time: SessionTime) {
    // The first set only begins one.
    if blockEnd > .zero {
      var block = gathered[0].withoutBiases()
      for joint in gathered.dropFirst() { block += joint.withoutBiases() }
      blocks = blocks.suffix(Self.maximumBlocks - 1) + [block]
      gathered = Self.empty(calibration)
    }
    blockEnd = time + blockLength
  }

  private static func empty(_ calibration: Calibration) -> [TimeShiftEquations] {
    joints.map { _ in TimeShiftEquations(cameras: calibration.cameras.count) }
  }

  /// What the pictures say, for every camera that saw enough motion; empty until there was some.
  public var shifts: [TimeShift] {
    guard blocks.count >= minimumBlocks, let solution = ShiftSystem.solve(blocks) else { return [] }
    return solution.compactMap { camera, shift, error in
      guard let device = DeviceID(calibration.cameras[camera].name), error <= TimeShift.largestUsefulError else {
        return nil
      }
      return TimeShift(device: device, microseconds: shift * 1e6, standardErrorMicroseconds: error * 1e6)
    }
  }
}

/// How far one camera's times are from the mean of all, as its pictures tell.
public struct TimeShift: Sendable, Equatable {
  /// Seconds; with more, nothing is known.
  static let largestUsefulError = 0.02

  public let device: DeviceID
  /// Claimed time − true time; the sum over all cameras is 0.
  public let microseconds: Double
  public let standardErrorMicroseconds: Double

  public init(device: DeviceID, microseconds: Double, standardErrorMicroseconds: Double) {
    self.device = device
    self.microseconds = microseconds
    self.standardErrorMicroseconds = standardErrorMicroseconds
  }

  /// Whether the pictures contradict the clocks: the shift is larger than the clocks' bounds, this camera's and that of the
  /// mean it is measured from, and three standard errors.
  public func contradicts(clockErrorBoundMicroseconds bound: Double) -> Bool {
    microseconds.magnitude > 2 * bound + 3 * standardErrorMicroseconds
  }
}
