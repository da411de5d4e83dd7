import Messages
import Timing

/// Calms the live view: a one-euro filter on each joint's position (Casiez et al., CHI 2012). A joint at rest is
/// smoothed strongly, a fast one hardly, so that it does not lag.
///
/// Journal and exports hold the poses as they were triangulated: filtering is the analyst's choice.
public struct PoseSmoother: Sendable {
  public struct Settings: Sendable, Equatable {
    /// Cut-off frequency of a joint at rest, hertz.
    public var restCutoff = 2.5
    /// By how many hertz the cut-off grows for each metre per second.
    public var cutoffPerSpeed = 4.0
    /// Cut-off frequency of the speed estimate, hertz.
    public var speedCutoff = 1.5
    /// After a longer break a joint starts anew, microseconds.
    public var longestGap: Int64 = 300_000

    public init() {}
  }

  private struct State {
    var time: SessionTime
    var position: SIMD3<Double>
    var velocity: SIMD3<Double>
  }

  private let settings: Settings
  private var states: [State?] = Array(repeating: nil, count: PoseLandmark.count)

  public init(settings: Settings = Settings()) { self.settings = settings }

  public mutating func smoothed(_ pose: Pose3D) -> Pose3D {
    var joints = pose.joints
    for index in joints.indices where joints[index].views > 0 {
      let joint = joints[index]
      let position = smooth(
        index, SIMD3(Double(joint.x), Double(joint.y), Double(joint.z)), at: pose.time)
      joints[index] = Pose3D.Joint(
        x: Float(position.x), y: Float(position.y), z: Float(position.z), confidence: joint.confidence,
        reprojectionErrorPx: joint.reprojectionErrorPx, views: joint.views)
    }
    return Pose3D(
      session: pose.session, time: pose.time, clockErrorBoundMicroseconds: pose.clockErrorBoundMicroseconds,
      cameras: pose.cameras, joints: joints)
  }

  private mutating func smooth(_ index: Int, _ raw: SIMD3<Double>, at time: SessionTime) -> SIMD3<Double> {
    guard let last = states[index], time > last.time, time - last.time <= settings.longestGap else {
      states[index] = State(time: time, position: raw, velocity: .zero)
      return raw
    }
    let seconds = Double(time - last.time) / 1_000_000
    let rawVelocity = (raw - last.position) / seconds
    let velocity = last.velocity + (rawVelocity - last.velocity) * share(settings.speedCutoff, seconds)
    let speed = dot(velocity, velocity).squareRoot()
    let cutoff = settings.restCutoff + settings.cutoffPerSpeed * speed
    let position = last.position + (raw - last.position) * share(cutoff, seconds)
    states[index] = State(time: time, position: position, velocity: velocity)
    return position
  }

  /// How much of a step of `seconds` a first-order low-pass of `cutoff` hertz lets through.
  private func share(_ cutoff: Double, _ seconds: Double) -> Double {
    let step = 2 * Double.pi * cutoff * seconds
    return step / (step + 1)
  }
}
