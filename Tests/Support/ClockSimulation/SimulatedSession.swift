import Timing

/// One phone's session: every clock exchange and every frame, with the truth beside it.
///
/// The phone behaves as `Web/assets/phone` does: a burst of exchanges back to back, each completed one carried by the next
/// request; then a pair a second. Asleep it does nothing. Awake again it bursts, and takes no picture until the server
/// must have the first exchanges.
public struct SimulatedSession: Sendable {
  public struct Exchange: Sendable {
    public let sample: ClockSample
    /// When the server has all four stamps, SessionTime µs.
    public let known: Double
  }

  public struct Frame: Sendable {
    /// The truth: SessionTime µs at which it was captured.
    public let truth: Double
    public let captured: DeviceTime
    /// When the server wants to know its time, SessionTime µs.
    public let arrived: Double
  }

  public let scenario: ClockScenario
  /// In the order of arrival.
  public private(set) var exchanges: [Exchange] = []
  /// In the order of arrival.
  public private(set) var frames: [Frame] = []

  /// SessionTime µs of the first exchange.
  public static let start = 5e9
  private static let framePeriod = 1e6 / 30
  /// Encoding, and the way.
  private static let frameDelay = 40_000.0
  private static let burstLength = 10
  private static let trickleLength = 2
  private static let pause = 1e6
  /// Exchanges that the page completes after a sleep before it takes pictures again.
  private static let exchangesAfterSleep = 4

  public init(_ scenario: ClockScenario, seed: UInt64) {
    self.scenario = scenario
    var random = SeededGenerator(seed: seed)
    let end = Self.start + scenario.seconds * 1e6
    let sleep = scenario.sleep.map {
      (Self.start + $0.lowerBound * 1e6)..<(Self.start + $0.upperBound * 1e6)
    }
    let clock = SimulatedClock(
      offset: random.uniform(-9e9...9e9), ppm: random.uniform(scenario.ppm),
      wanderPpm: scenario.wanderPpm, resolution: scenario.resolution, sleep: sleep)
    var link = SimulatedLink(scenario.link, seed: random.next())
    if let sleep {
      exchange(clock, &link, &random, from: Self.start, to: sleep.lowerBound)
      exchange(clock, &link, &random, from: sleep.upperBound, to: end)
      film(clock, &random, from: Self.start, to: sleep.lowerBound)
      let after = exchanges.filter { $0.sample.deviceSent >= clock.reading(at: sleep.upperBound) }
      let ready = after.dropFirst(Self.exchangesAfterSleep - 1).first?.known ?? end
      film(clock, &random, from: ready, to: end)
    } else {
      exchange(clock, &link, &random, from: Self.start, to: end)
      film(clock, &random, from: Self.start, to: end)
    }
  }

  private mutating func exchange(
    _ clock: SimulatedClock, _ link: inout SimulatedLink, _ random: inout SeededGenerator, from start: Double,
    to end: Double
  ) {
    var now = start
    var left = Self.burstLength
    var completed: ClockSample?
    while now < end {
      let arrival = link.arrivalUp(now)
      if let completed { exchanges.append(Exchange(sample: completed, known: arrival)) }
      let departure = arrival + random.uniform(20...60)
      let back = link.arrivalDown(departure)
      completed = ClockSample(
        deviceSent: clock.reading(at: now), serverReceived: SessionTime(microseconds: Int64(arrival)),
        serverSent: SessionTime(microseconds: Int64(departure)), deviceReceived: clock.reading(at: back))
      left -= 1
      if left > 0 {
        now = back + random.uniform(10...100)
      } else {
        left = Self.trickleLength
        now = back + Self.pause + random.uniform(0...4000)
      }
    }
  }

  private mutating func film(
    _ clock: SimulatedClock, _ random: inout SeededGenerator, from start: Double, to end: Double
  ) {
    var next = start + random.uniform(0...Self.framePeriod)
    while next < end {
      let truth = next + random.uniform(0...500)
      frames.append(Frame(truth: truth, captured: clock.reading(at: truth), arrived: truth + Self.frameDelay))
      next += Self.framePeriod
    }
  }
}
