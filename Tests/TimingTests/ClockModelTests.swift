import Testing
import Timing

@Suite("Clock model")
struct ClockModelTests {
  /// Sixteen phones with rates from −100 to 100 ppm, one minute each.
  private func score(
    _ link: @escaping SimulatedPhone.Link, resolution: Int64 = 1, seconds: Double = 60
  ) -> ClockScore {
    var score = ClockScore()
    for seed in 1...16 {
      var phone = SimulatedPhone(
        seed: UInt64(seed), ppm: -100 + 200 * Double(seed - 1) / 15, resolution: resolution, link: link)
      score.play(&phone, seconds: seconds)
    }
    return score
  }

  @Test func quietLink() {
    let score = score(SimulatedPhone.quiet)
    #expect(score.errorPercentile(0.95) < 1000)
    #expect(score.insideShare >= 0.99)
    #expect(score.medianBound < 1500)
    #expect(score.wentBack == 0)
  }

  @Test func jitterOf30Milliseconds() {
    let score = score(SimulatedPhone.jitter30)
    #expect(score.errorPercentile(0.95) < 3000)
    #expect(score.insideShare >= 0.99)
    #expect(score.wentBack == 0)
  }

  @Test func burstsOnOneLeg() {
    let score = score(SimulatedPhone.bursts)
    #expect(score.errorPercentile(0.95) < 1000)
    #expect(score.insideShare >= 0.99)
  }

  @Test func constantAsymmetryStaysInsideTheBound() {
    let score = score(SimulatedPhone.asymmetric)
    #expect(score.insideShare >= 0.99)
    #expect(score.errorPercentile(0.5) < 9000)
  }

  @Test func browserThatRoundsToMilliseconds() {
    let score = score(SimulatedPhone.quiet, resolution: 1000)
    #expect(score.errorPercentile(0.95) < 1500)
    #expect(score.insideShare >= 0.99)
  }

  @Test func thirtyMinutesAt100ppm() {
    var score = ClockScore()
    var phone = SimulatedPhone(seed: 99, ppm: 100, link: SimulatedPhone.quiet)
    score.play(&phone, seconds: 1800)
    #expect(score.errorPercentile(1) < 1000)
    #expect(score.insideShare >= 0.99)
  }

  @Test func nothingIsKnownBeforeTheFirstExchange() {
    var model = ClockModel()
    #expect(!model.isKnown)
    #expect(model.reading(of: DeviceTime(microseconds: 5)) == nil)
    #expect(model.state(at: .zero) == nil)
  }

  @Test func rateIsFoundWithItsSign() throws {
    var phone = SimulatedPhone(seed: 3, ppm: 60, link: SimulatedPhone.quiet)
    var model = ClockModel()
    for second in 0..<100 { model.add(phone.exchange(at: 1e9 + Double(second) * 1e6)) }
    let state = try #require(model.state(at: SessionTime(microseconds: 1_100_000_000)))
    #expect(abs(state.driftPpm - 60) < 5)
  }

  @Test func sleepThatStopsTheClockIsNoticed() throws {
    var phone = SimulatedPhone(seed: 7, ppm: 20, link: SimulatedPhone.quiet)
    var model = ClockModel()
    for second in 0..<30 { model.add(phone.exchange(at: 1e9 + Double(second) * 1e6)) }
    let before = phone.clock(at: 1.02e9)
    phone.offset -= 60e6
    let verdicts = (0..<4).map { model.add(phone.exchange(at: 1.1e9 + Double($0) * 50_000)) }
    #expect(verdicts == [.suspected, .suspected, .restarted, .used])
    #expect(model.jumps == 1)
    let reading = model.reading(of: phone.clock(at: 1.101e9))
    let after = try #require(reading)
    #expect(abs(Double(after.time.microseconds) - 1.101e9) <= Double(after.errorBoundMicroseconds))
    // A frame from before the sleep, sent again, is read with the clock of then.
    let old = try #require(model.estimate(of: before))
    #expect(abs(Double(old.time.microseconds) - 1.02e9) <= Double(old.errorBoundMicroseconds))
  }

  @Test func oneLyingExchangeIsLeftOutButOwnedUpTo() throws {
    var phone = SimulatedPhone(seed: 8, ppm: -20, link: SimulatedPhone.quiet)
    var model = ClockModel()
    for second in 0..<30 { model.add(phone.exchange(at: 1e9 + Double(second) * 1e6)) }
    let device = phone.clock(at: 1.0301e9)
    let good = try #require(model.estimate(of: device))
    var liar = phone
    liar.offset += 40_000
    #expect(model.add(liar.exchange(at: 1.0302e9)) == .suspected)
    let doubtful = try #require(model.estimate(of: device))
    #expect(doubtful.time == good.time)
    #expect(doubtful.errorBoundMicroseconds > 39_000)
    #expect(model.add(phone.exchange(at: 1.0303e9)) == .used)
    #expect(try #require(model.estimate(of: device)).errorBoundMicroseconds < 1000)
  }

  @Test(arguments: [Int64.min, Int64.min + 1, -1, 0, 1, Int64.max - 1, Int64.max])
  func absurdStampsAreRefusedOrHarmless(_ stamp: Int64) {
    var model = ClockModel()
    let now = SessionTime(microseconds: 10_000_000)
    for other in [Int64.min, 0, 10_000_000, Int64.max] {
      model.add(
        ClockSample(
          deviceSent: DeviceTime(microseconds: stamp), serverReceived: now, serverSent: now,
          deviceReceived: DeviceTime(microseconds: other)))
      _ = model.reading(of: DeviceTime(microseconds: stamp))
      _ = model.reading(of: DeviceTime(microseconds: other))
      _ = model.state(at: now)
    }
  }
}
