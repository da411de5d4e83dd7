import Timing

/// How far readings of frames were from the truth, over one or many simulated sessions. µs.
public struct ClockScore: Sendable {
  private var errors: [Double] = []
  private var bounds: [Double] = []
  private var inside = 0
  private var goals: [Double] = []
  /// Frames that no estimate was there for.
  public private(set) var unknown = 0
  /// Frames whose time was not after that of the frame before.
  public private(set) var wentBack = 0

  /// Frames of the first two seconds, and after a sleep, do not count towards errors: the time to the target tells.
  public static let settling = 2e6
  /// How long an error must stay below the target.
  private static let steadiness = 5e6

  public init() {}

  /// Plays a session to an estimator, live: a frame gets what is known when it arrives.
  public mutating func play<Estimator: ClockEstimator>(_ session: SimulatedSession, _ make: Estimator) {
    var estimator = make
    var waiting = session.exchanges[...]
    score(session) { frame in
      while let next = waiting.first, next.known <= frame.arrived {
        estimator.learn(next.sample)
        waiting.removeFirst()
      }
      return estimator.guess(frame.captured)
    }
  }

  /// Takes readings of all frames of a session, in order.
  public mutating func score(
    _ session: SimulatedSession, _ read: (SimulatedSession.Frame) -> (time: Double, bound: Double?)?
  ) {
    let restarts =
      [SimulatedSession.start] + (session.scenario.sleep.map { [SimulatedSession.start + $0.upperBound * 1e6] } ?? [])
    var last = -Double.infinity
    var misses: [Double] = []
    for frame in session.frames {
      guard let reading = read(frame) else {
        unknown += 1
        misses.append(frame.truth)
        continue
      }
      if reading.time <= last { wentBack += 1 }
      last = reading.time
      let error = abs(reading.time - frame.truth)
      if error > session.scenario.target { misses.append(frame.truth) }
      if let bound = reading.bound, error <= bound { inside += 1 }
      if let bound = reading.bound { bounds.append(bound) }
      guard !restarts.contains(where: { (0..<Self.settling).contains(frame.truth - $0) }) else { continue }
      errors.append(error)
    }
    goals.append(Self.goal(from: restarts[restarts.count - 1], misses))
  }

  /// Time after `start` from which no frame misses for long enough.
  private static func goal(from start: Double, _ misses: [Double]) -> Double {
    var reached = start
    for miss in misses where miss >= start {
      if miss > reached + steadiness { break }
      reached = miss
    }
    return reached - start
  }

  public var insideShare: Double { Double(inside) / Double(max(bounds.count, 1)) }
  public func error(_ share: Double) -> Double { Self.percentile(errors, share) }
  public func bound(_ share: Double) -> Double { Self.percentile(bounds, share) }
  /// How long until the error stays below the scenario's target, µs after the start or the sleep.
  public func timeToTarget(_ share: Double) -> Double { Self.percentile(goals, share) }

  private static func percentile(_ values: [Double], _ share: Double) -> Double {
    values.isEmpty ? .nan : values.sorted()[Int((Double(values.count - 1) * share).rounded())]
  }
}
