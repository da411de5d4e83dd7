import Messages
import Timing

/// One camera's latest observations in the order of capture, and how often it films. Bounded.
struct DeviceTrack: Sendable {
  enum Outcome { case kept, duplicate, keptAndDroppedOldest }

  private(set) var observations: [Observation2D] = []
  /// When something of this camera last arrived.
  private(set) var lastArrival: SessionTime
  /// How long after its capture this camera's latest observations arrived, microseconds: the worst, slowly forgotten.
  private(set) var lag: Int64 = 0
  /// The latest capture times, sorted: longer memory than `observations`, for the rate.
  private var captures: [SessionTime] = []
  private let capacity: Int

  private static let keptCaptures = 32

  init(capacity: Int, now: SessionTime) {
    self.capacity = capacity
    lastArrival = now
  }

  var newest: SessionTime? { observations.last?.captured }

  mutating func insert(_ observation: Observation2D, now: SessionTime) -> Outcome {
    lastArrival = now
    var index = observations.count
    while index > 0, observations[index - 1].captured >= observation.captured { index -= 1 }
    if index < observations.count, observations[index].captured == observation.captured { return .duplicate }
    if index == observations.count { noteLag(now - observation.captured) }
    noteCapture(observation.captured)
    observations.insert(observation, at: index)
    guard observations.count > capacity else { return .kept }
    observations.removeFirst()
    return .keptAndDroppedOldest
  }

  /// Forgets what is of no use for `instant` and later.
  mutating func prune(before instant: SessionTime, keeping margin: Int64) {
    let useless = observations.prefix { instant - $0.captured > margin }.count
    if useless > 0 { observations.removeFirst(useless) }
  }

  /// The camera's frame period in microseconds: the median of its latest intervals. Nil until there are four.
  var period: Int64? {
    guard captures.count >= 5 else { return nil }
    let intervals = zip(captures.dropFirst(), captures).map { $0 - $1 }.sorted()
    return max(intervals[intervals.count / 2], 1000)
  }

  /// The observations around an instant: the last at or before it, and the first at or after it.
  func neighbours(of instant: SessionTime) -> (before: Observation2D?, after: Observation2D?) {
    var index = observations.count
    while index > 0, observations[index - 1].captured > instant { index -= 1 }
    let before = index > 0 ? observations[index - 1] : nil
    if let before, before.captured == instant { return (before, before) }
    return (before, index < observations.count ? observations[index] : nil)
  }

  private mutating func noteLag(_ latest: Int64) { lag = max(latest, lag - (lag - latest) / 16) }

  private mutating func noteCapture(_ time: SessionTime) {
    var index = captures.count
    while index > 0, captures[index - 1] > time { index -= 1 }
    captures.insert(time, at: index)
    if captures.count > Self.keptCaptures { captures.removeFirst() }
  }
}
