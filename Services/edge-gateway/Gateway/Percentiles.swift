/// Percentiles of a stream of numbers from counts in equal steps: fixed memory, exact to one step.
struct Percentiles {
  private var counts: [UInt32]
  private let step: Double
  private(set) var total = 0

  /// Numbers beyond `limit` count as `limit`.
  init(step: Double, limit: Double) {
    self.step = step
    counts = Array(repeating: 0, count: Int((limit / step).rounded(.up)) + 1)
  }

  mutating func add(_ value: Double) {
    guard value.isFinite else { return }
    counts[Int(min(max(0, value) / step, Double(counts.count - 1)))] += 1
    total += 1
  }

  /// Adds the numbers of another that counts in the same steps.
  mutating func add(_ other: Percentiles) {
    precondition(other.counts.count == counts.count && other.step == step, "other steps")
    for index in counts.indices { counts[index] += other.counts[index] }
    total += other.total
  }

  /// The middle of the step in which the given share of the numbers is reached. Nil without numbers.
  func value(at share: Double) -> Double? {
    guard total > 0 else { return nil }
    let wanted = max(1, Int((Double(total) * share).rounded(.up)))
    var passed = 0
    for (index, count) in counts.enumerated() {
      passed += Int(count)
      if passed >= wanted { return (Double(index) + 0.5) * step }
    }
    return nil
  }
}
