/// A stretch of device time through which a clock ran evenly, looked at afterwards.
///
/// Every few seconds there is a knot: a line through the gates on both sides. Between two knots the reading goes over
/// from one line to the other, so that it never steps, and a crystal that warms up is followed.
struct ClockEra: Sendable {
  private struct Knot: Sendable {
    let at: DeviceTime
    let fit: ClockFit
  }

  private static let spacing: Int64 = 10_000_000
  /// Eleven days at that spacing; a longer span, which no session has, is taken in longer steps.
  private static let maximumKnots: Int64 = 100_000
  /// Gates this far before and after a knot count.
  private static let reach: Int64 = 60_000_000
  /// Near the end of a short or silent stretch, so many count however far.
  private static let minimumGates = 8

  /// From the first exchange to the last.
  let span: ClosedRange<DeviceTime>
  private let knots: [Knot]
  private let resolution: Double

  /// Nil without samples.
  init?(_ samples: [ClockSample]) {
    let gates = samples.map { ClockGate($0) }.sorted { $0.lower.at < $1.lower.at }
    guard let first = gates.first, let last = gates.last else { return nil }
    span = min(first.upper.at, first.lower.at)...last.lower.at
    var resolution = ClockResolution()
    for sample in samples { resolution.observe(sample) }
    self.resolution = resolution.microseconds
    var knots: [Knot] = []
    for at in Self.instants(span) {
      if let fit = Self.fit(gates, around: at, slack: resolution.microseconds) { knots.append(Knot(at: at, fit: fit)) }
    }
    guard !knots.isEmpty else { return nil }
    self.knots = knots
  }

  func reading(of device: DeviceTime) -> ClockReading {
    let next = knots.partitioningIndex { $0.at > device }
    let before = knots[max(next - 1, 0)]
    let after = knots[min(next, knots.count - 1)]
    let distance = Double(after.at - before.at)
    let share = distance > 0 ? Double(device - before.at) / distance : 0
    let time = before.fit.sessionTime(of: device, towards: after.fit, share: share)
    let bounds = (before.fit.offset(at: device).bound, after.fit.offset(at: device).bound)
    // What lies between two guesses is no further from the truth than the bounds mixed alike.
    let bound = bounds.0 + (bounds.1 - bounds.0) * share
    return ClockReading(time: time, errorBoundMicroseconds: ClockModel.bound(bound + resolution))
  }

  private static func instants(_ span: ClosedRange<DeviceTime>) -> [DeviceTime] {
    let length = span.upperBound - span.lowerBound
    let count = min(maximumKnots, max(1, (length + spacing / 2) / spacing))
    return (0...count).map { span.lowerBound + length / count * $0 }
  }

  private static func fit(_ gates: [ClockGate], around at: DeviceTime, slack: Double) -> ClockFit? {
    let middle = gates.partitioningIndex { $0.lower.at > at }
    var reach = reach
    while true {
      var low = gates.partitioningIndex { at - $0.lower.at <= reach }
      var high = gates.partitioningIndex { $0.lower.at - at > reach }
      if high - low < minimumGates {
        low = max(0, min(low, middle - minimumGates / 2))
        high = min(gates.count, max(high, middle + minimumGates / 2))
      }
      let fit = ClockFit(
        gates[low..<high], around: at, slack: slack, wander: ClockModel.wander, maximumRate: ClockModel.maximumRate)
      if let fit { return fit }
      // No line passes: the clock did not run evenly. What is nearer counts.
      if reach < spacing / 8 { return nil }
      reach /= 2
    }
  }
}

extension RandomAccessCollection where Index == Int {
  /// The first index whose element is in the second part, of a collection that `belongsToSecond` parts in two.
  func partitioningIndex(_ belongsToSecond: (Element) -> Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = (low + high) / 2
      if belongsToSecond(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
