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

  mutating func change(ratePerSecond: Double) {
    origin = next
    index = 0
    self.ratePerSecond = ratePerSecond
  }

  /// The rate of cameras with these frame periods (microseconds): their median, taken as the nominal rate it is meant to
  /// be when within 5 % of one, so that exports get a steady, usual rate. Nil for none.
  public static func rate(ofPeriods periods: [Int64]) -> Double? {
    guard !periods.isEmpty else { return nil }
    let measured = 1_000_000 / Double(periods.sorted()[periods.count / 2])
    let nominal: [Double] = [5, 10, 12, 15, 20, 24, 25, 30, 48, 50, 60]
    let nearest = nominal.min { ($0 - measured).magnitude < ($1 - measured).magnitude } ?? measured
    return (nearest / measured - 1).magnitude < 0.05 ? nearest : min(max(measured, 1), 120)
  }
}
