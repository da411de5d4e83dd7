import Glibc
import Timing

/// A phone's clock that is wrong by a known amount. `session` is the truth: SessionTime µs, with fractions.
public struct SimulatedClock: Sendable {
  /// DeviceTime − SessionTime at session time 0, µs.
  public let offset: Double
  /// Positive runs fast.
  public let ppm: Double
  /// The rate swings by so much around `ppm`, once in `wanderPeriod`, as a phone warms up and cools down.
  public let wanderPpm: Double
  public let wanderPeriod: Double
  /// The clock reads in such steps, rounded down.
  public let resolution: Int64
  /// While the phone sleeps its clock stands still; session times.
  public let sleep: Range<Double>?

  public init(
    offset: Double, ppm: Double, wanderPpm: Double = 0, wanderPeriod: Double = 600e6, resolution: Int64 = 1,
    sleep: Range<Double>? = nil
  ) {
    self.offset = offset
    self.ppm = ppm
    self.wanderPpm = wanderPpm
    self.wanderPeriod = wanderPeriod
    self.resolution = resolution
    self.sleep = sleep
  }

  /// What the clock shows at a true instant.
  public func reading(at session: Double) -> DeviceTime {
    var elapsed = session
    if let sleep { elapsed -= max(0, min(session, sleep.upperBound) - sleep.lowerBound) }
    let swing = wanderPeriod / (2 * .pi)
    let gained = ppm * elapsed + wanderPpm * swing * sin(elapsed / swing)
    let exact = Int64((elapsed + offset + gained * 1e-6).rounded(.down))
    let step = (exact % resolution + resolution) % resolution
    return DeviceTime(microseconds: exact - step)
  }
}
