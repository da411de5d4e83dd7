import Timing

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  mutating func uniform(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &self) }
}

/// A phone whose clock is wrong by a known amount, behind a link whose delays are drawn at random.
struct SimulatedPhone {
  /// Delays of the two legs in µs, drawn for one exchange.
  typealias Link = @Sendable (inout SeededGenerator) -> (up: Double, down: Double)

  var random: SeededGenerator
  var offset: Double
  let ppm: Double
  let resolution: Int64
  let link: Link

  init(seed: UInt64, ppm: Double, resolution: Int64 = 1, link: @escaping Link) {
    random = SeededGenerator(seed: seed)
    offset = random.uniform(-9e9...9e9)
    self.ppm = ppm
    self.resolution = resolution
    self.link = link
  }

  /// What the phone's clock shows at a true instant.
  func clock(at session: Double) -> DeviceTime {
    let exact = (session * (1 + ppm * 1e-6) + offset).rounded(.down)
    let whole = Int64(exact)
    return DeviceTime(microseconds: whole - ((whole % resolution) + resolution) % resolution)
  }

  mutating func exchange(at session: Double) -> ClockSample {
    let (up, down) = link(&random)
    let arrival = session + up
    let departure = arrival + random.uniform(20...60)
    return ClockSample(
      deviceSent: clock(at: session), serverReceived: SessionTime(microseconds: Int64(arrival)),
      serverSent: SessionTime(microseconds: Int64(departure)), deviceReceived: clock(at: departure + down))
  }

  static let quiet: Link = { ($0.uniform(300...700), $0.uniform(300...700)) }
  static let jitter30: Link = { (4000 + $0.uniform(0...30_000), 4000 + $0.uniform(0...30_000)) }
  /// Every eighth exchange is late by up to 200 ms, on one leg only.
  static let bursts: Link = { random in
    let late = random.uniform(0...1) < 0.125 ? random.uniform(20_000...200_000) : 0
    let isUp = random.uniform(0...1) < 0.5
    return (1500 + random.uniform(0...2000) + (isUp ? late : 0), 1500 + random.uniform(0...2000) + (isUp ? 0 : late))
  }
  /// Always slower on the way up: nothing can see this, so the bound must cover it.
  static let asymmetric: Link = { (20_000 + $0.uniform(0...500), 5_000 + $0.uniform(0...500)) }
}

/// How far readings were from the truth in a simulated session.
struct ClockScore {
  var errors: [Double] = []
  var bounds: [Double] = []
  var inside = 0
  var wentBack = 0

  /// Streams at 30 fps for `seconds`, with a burst of exchanges first and then two a second.
  mutating func play(_ phone: inout SimulatedPhone, seconds: Double, warmUp: Double = 2) {
    var model = ClockModel()
    let start = 5e9
    var exchanges =
      (0..<16).map { start + Double($0) * 30_000 } + (2...Int(seconds * 2)).map { start + Double($0) * 5e5 }
    var last = SessionTime.zero
    for frame in 0..<Int(seconds * 30) {
      let now = start + Double(frame) * 33_333
      while let next = exchanges.first, next + 250_000 < now {
        model.add(phone.exchange(at: next))
        exchanges.removeFirst()
      }
      guard let reading = model.reading(of: phone.clock(at: now)) else { continue }
      if reading.time <= last { wentBack += 1 }
      last = reading.time
      guard now > start + warmUp * 1e6 else { continue }
      let error = abs(Double(reading.time.microseconds) - now)
      errors.append(error)
      bounds.append(Double(reading.errorBoundMicroseconds))
      if error <= Double(reading.errorBoundMicroseconds) { inside += 1 }
    }
  }

  var insideShare: Double { Double(inside) / Double(errors.count) }
  func errorPercentile(_ share: Double) -> Double { errors.sorted()[Int(Double(errors.count - 1) * share)] }
  var medianBound: Double { bounds.sorted()[bounds.count / 2] }
}
