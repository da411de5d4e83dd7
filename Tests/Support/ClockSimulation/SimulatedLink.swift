/// What a phone's network does to messages. All times µs.
public struct LinkProfile: Sendable {
  /// One direction.
  public struct Leg: Sendable {
    /// The fastest that a message can be: drawn once for each run, so that no two paths are alike.
    public var base: ClosedRange<Double>
    /// Every message takes longer by an even draw from 0 to this.
    public var jitter: Double
    /// And by an exponential draw with this mean.
    public var tail: Double

    public init(base: ClosedRange<Double>, jitter: Double = 0, tail: Double = 0) {
      self.base = base
      self.jitter = jitter
      self.tail = tail
    }
  }

  public var up: Leg
  public var down: Leg
  /// Share of messages that are lost on each leg. Both transports repeat them: they come late, not never.
  public var loss: Double
  /// What a repetition costs: the smallest time-out of TCP and of SCTP's usual setting in browsers.
  public var repetition: ClosedRange<Double>
  /// How often the link stands still, and for how long: what is sent meanwhile arrives together at the end.
  public var burstEvery: Double
  public var burst: Double

  public init(
    up: Leg, down: Leg, loss: Double = 0, repetition: ClosedRange<Double> = 200_000...300_000,
    burstEvery: Double = .infinity, burst: Double = 0
  ) {
    self.up = up
    self.down = down
    self.loss = loss
    self.repetition = repetition
    self.burstEvery = burstEvery
    self.burst = burst
  }
}

/// A link of one run. Messages of a direction never overtake each other.
public struct SimulatedLink: Sendable {
  private struct Direction: Sendable {
    let leg: LinkProfile.Leg
    let base: Double
    var lastArrival = -Double.infinity
    var burstStart: Double
  }

  private let profile: LinkProfile
  private var random: SeededGenerator
  private var up: Direction
  private var down: Direction

  public init(_ profile: LinkProfile, seed: UInt64) {
    self.profile = profile
    var random = SeededGenerator(seed: seed)
    func direction(_ leg: LinkProfile.Leg) -> Direction {
      Direction(
        leg: leg, base: random.uniform(leg.base),
        burstStart: profile.burst > 0 ? random.exponential(mean: profile.burstEvery) : .infinity)
    }
    up = direction(profile.up)
    down = direction(profile.down)
    self.random = random
  }

  /// When a message that the phone sends at `time` reaches the server.
  public mutating func arrivalUp(_ time: Double) -> Double { Self.arrival(time, &up, profile, &random) }

  /// When a message that the server sends at `time` reaches the phone.
  public mutating func arrivalDown(_ time: Double) -> Double { Self.arrival(time, &down, profile, &random) }

  private static func arrival(
    _ time: Double, _ direction: inout Direction, _ profile: LinkProfile, _ random: inout SeededGenerator
  ) -> Double {
    var delay = direction.base + random.uniform(0...max(direction.leg.jitter, 1e-9))
    if direction.leg.tail > 0 { delay += random.exponential(mean: direction.leg.tail) }
    while random.chance(profile.loss) { delay += random.uniform(profile.repetition) }
    while time >= direction.burstStart + profile.burst {
      direction.burstStart += profile.burst + random.exponential(mean: profile.burstEvery)
    }
    if time >= direction.burstStart { delay += direction.burstStart + profile.burst - time }
    direction.lastArrival = max(direction.lastArrival + 1, time + delay)
    return direction.lastArrival
  }
}
