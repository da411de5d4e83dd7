import Timing

/// Equally spaced instants that do not drift: the n-th is computed from the origin, not from its predecessor.
public struct TimeGrid: Sendable, Equatable {
  public private(set) var ratePerSecond: Double
  private var origin: SessionTime
  private var index: Int64 = 0

  init(ratePerSecond: Double, origin: SessionTime) {
    self.ratePerSecond = ratePerSecond
    self.origin = origin
  }

  var next: SessionTime { origin + Int64((Double(index) * 1_000_000 / ratePerSecond).rounded()) }

  mutating func advance() { index += 1 }

  /// Moves on to the first instant at or after `time`. Answers how many were passed over.
  mutating func skip(to time: SessionTime) -> Int {
    guard time > next else { return 0 }
    let wanted = Int64((Double(time - origin) * ratePerSecond / 1_000_000).rounded(.up))
    guard wanted > index else { return 0 }
    defer { index = wanted }
    return Int(wanted - index)
  }

  /// Goes on at another rate, or in another phase, from the first fitting instant after the ones that are over.
  mutating func restart(ratePerSecond: Double, inPhaseWith frames: [SessionTime]) {
    self = TimeGrid(ratePerSecond: ratePerSecond, after: next, inPhaseWith: frames)
  }

  /// A grid from the first instant at or after `start` for which all cameras have soon filmed a frame.
  ///
  /// A set waits for the next frame of every camera. That is shortest just before the first frame after the longest
  /// pause in which none films: at 15 frames/s up to 40 ms less than at a bad phase. Not exactly at that frame, because
  /// with the slightest jitter half of the sets would wait a whole period for its successor.
  /// - Parameter frames: the latest frame of each camera.
  init(ratePerSecond: Double, after start: SessionTime, inPhaseWith frames: [SessionTime]) {
    let period = 1_000_000 / ratePerSecond
    let phases = frames.map { frame in
      let distance = Double(frame - start).truncatingRemainder(dividingBy: period)
      return distance < 0 ? distance + period : distance
    }.sorted()
    var best = (phase: 0.0, pause: -1.0)
    for (index, phase) in phases.enumerated() {
      let pause = index > 0 ? phase - phases[index - 1] : phase + period - phases[phases.count - 1]
      if pause > best.pause { best = (phase, pause) }
    }
    var offset = best.phase - min(best.pause / 2, Self.jitterMargin)
    if offset < 0 { offset += period }
    self.init(ratePerSecond: ratePerSecond, origin: start + Int64(offset.rounded(.up)))
  }

  /// How unsteadily phones film, microseconds.
  private static let jitterMargin = 5000.0

  /// The rate of cameras with these frame periods (microseconds): their median, taken as the nominal rate it is meant to
  /// be when within 5 % of one, so that exports get a steady, usual rate; otherwise as a whole number, so that a header that gives
  /// it with two decimals gives it exactly. Nil for none.
  public static func rate(ofPeriods periods: [Int64]) -> Double? {
    guard !periods.isEmpty else { return nil }
    let measured = 1_000_000 / Double(periods.sorted()[periods.count / 2])
    let nominal: [Double] = [5, 10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 72, 90, 100, 120]
    let nearest = nominal.min { ($0 - measured).magnitude < ($1 - measured).magnitude } ?? measured
    return (nearest / measured - 1).magnitude < 0.05 ? nearest : min(max(measured.rounded(), 1), 120)
  }
}
