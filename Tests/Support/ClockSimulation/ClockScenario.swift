/// A situation that clock estimators are held against. Delays µs.
public struct ClockScenario: Sendable {
  public let name: String
  public var link: LinkProfile
  /// Rates are drawn from these.
  public var ppm = -100.0...100
  public var wanderPpm = 0.0
  /// Steps of the device's clock, µs: 20 is what Safari and Firefox give a cross-origin isolated page, as ours is.
  public var resolution: Int64 = 20
  public var seconds = 60.0
  /// When the phone sleeps and its clock stands still, seconds after the start.
  public var sleep: Range<Double>?
  /// An error to get below, µs.
  public var target = 1000.0

  public init(_ name: String, _ link: LinkProfile) {
    self.name = name
    self.link = link
  }

  private func with(_ change: (inout ClockScenario) -> Void) -> ClockScenario {
    var changed = self
    change(&changed)
    return changed
  }

  /// A phone near its access point. Each path has a shape of its own: up and down differ by what the Wi-Fi chip, its
  /// power saving and the browser's threads make of it, and that difference stays.
  public static let quiet = ClockScenario("quiet LAN", LinkProfile(up: quietLeg, down: quietLeg))

  /// The same, with both ways exactly alike: which no estimator can know, and so no bound may rely on.
  public static let alike = ClockScenario(
    "quiet LAN, both ways alike",
    LinkProfile(up: .init(base: 700...700, tail: 150), down: .init(base: 700...700, tail: 150)))

  public static let jitter10 = ClockScenario(
    "10 ms jitter", LinkProfile(up: jitterLeg(10_000), down: jitterLeg(10_000))
  ).with { $0.target = 3000 }

  public static let jitter30 = ClockScenario(
    "30 ms jitter, 2 % loss", LinkProfile(up: jitterLeg(30_000), down: jitterLeg(30_000), loss: 0.02)
  ).with { $0.target = 3000 }

  /// Slower on the way up in every message: nothing can tell, so the bound must cover it.
  public static let asymmetric = ClockScenario(
    "asymmetric 20/5 ms",
    LinkProfile(up: .init(base: 20_000...20_000, tail: 300), down: .init(base: 5000...5000, tail: 300))
  ).with { $0.target = 8000 }

  public static let bursts = ClockScenario(
    "bursts of 200 ms", LinkProfile(up: quietLeg, down: quietLeg, burstEvery: 1.5e6, burst: 200_000))

  public static let sleep = ClockScenario("sleep of 60 s", LinkProfile(up: quietLeg, down: quietLeg)).with {
    $0.seconds = 180
    $0.sleep = 60..<120
  }

  /// Safari and Firefox.
  public static let coarse = quiet.renamed("quiet LAN, 1 ms browser clock").with {
    $0.resolution = 1000
    $0.target = 2000
  }

  /// Thirty minutes with the worst crystal.
  public static let long = quiet.renamed("30 min at 100 ppm").with {
    $0.seconds = 1800
    $0.ppm = 100...100
  }

  /// A phone that heats up and cools down: its rate swings by 5 ppm within minutes.
  public static let warming = jitter10.renamed("10 ms jitter, warming phone").with {
    $0.wanderPpm = 5
    $0.seconds = 900
  }

  public static let all = [quiet, alike, jitter10, jitter30, asymmetric, bursts, sleep, coarse, warming]

  private func renamed(_ name: String) -> ClockScenario {
    var other = ClockScenario(name, link)
    (other.ppm, other.wanderPpm, other.resolution) = (ppm, wanderPpm, resolution)
    (other.seconds, other.sleep, other.target) = (seconds, sleep, target)
    return other
  }

  private static let quietLeg = LinkProfile.Leg(base: 300...1500, tail: 200)
  private static func jitterLeg(_ jitter: Double) -> LinkProfile.Leg {
    LinkProfile.Leg(base: 2000...4000, jitter: jitter)
  }
}
