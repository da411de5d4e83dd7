import ClockSimulation
import Testing
import Timing

@Suite("Clock model")
struct ClockModelTests {
  @Test func nothingIsKnownBeforeTheFirstExchange() {
    var model = ClockModel()
    #expect(!model.isKnown)
    #expect(model.reading(of: DeviceTime(microseconds: 5)) == nil)
    #expect(model.state(at: .zero) == nil)
  }

  @Test func rateIsFoundWithItsSign() throws {
    var phone = SimulatedPhone(seed: 3, ppm: 60)
    var model = ClockModel()
    for second in 0..<100 { model.add(phone.exchange(at: 1e9 + Double(second) * 1e6)) }
    let state = try #require(model.state(at: SessionTime(microseconds: 1_100_000_000)))
    #expect(abs(state.driftPpm - 60) < 5)
  }

  @Test func sleepThatStopsTheClockIsNoticed() throws {
    var phone = SimulatedPhone(seed: 7, ppm: 20)
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
    var phone = SimulatedPhone(seed: 8, ppm: -20)
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

  /// Every exchange is late on one leg, so no round trip is ever short: choosing among exchanges, as NTP does, or among
  /// pairs of messages that kept their distance, finds none that is good. The fastest messages of each direction do.
  @Test func noExchangeNeedsToBeGoodOnBothLegs() throws {
    var phone = SimulatedPhone(seed: 11, ppm: 30)
    var model = ClockModel()
    var reference = NTPClock()
    for second in 0..<60 {
      let late = phone.random.uniform(20_000...200_000)
      let sample = phone.exchange(
        at: 1e9 + Double(second) * 1e6, up: second % 2 == 0 ? late : 700, down: second % 2 == 0 ? 700 : late)
      model.add(sample)
      reference.learn(sample)
    }
    let device = phone.clock(at: 1.06e9)
    let ours = try #require(model.estimate(of: device))
    let guess = reference.guess(device)
    let theirs = try #require(guess)
    #expect(abs(Double(ours.time.microseconds) - 1.06e9) < 1000)
    #expect(ours.errorBoundMicroseconds < 2000)
    #expect(abs(theirs.time - 1.06e9) > 5000)
  }

  /// As when a time service begins to pull at a clock.
  @Test func aRateThatChangesAtOnceIsFollowed() throws {
    var model = ClockModel()
    var random = SeededGenerator(seed: 12)
    var inside = 0
    var worst = 0.0
    for second in 0..<300 {
      let now = 1e9 + Double(second) * 1e6
      // 20 ppm from the hundredth second on.
      let gained = max(0, Double(second - 100)) * 20
      var phone = SimulatedPhone(seed: 12, ppm: 0)
      phone.random = random
      phone.offset += gained
      let captured = phone.clock(at: now)
      if let reading = model.reading(of: captured) {
        let error = abs(Double(reading.time.microseconds) - now)
        worst = max(worst, error)
        if error <= Double(reading.errorBoundMicroseconds) { inside += 1 }
      }
      model.add(phone.exchange(at: now))
      random = phone.random
    }
    #expect(worst < 1000)
    #expect(inside == 299)
    #expect(model.jumps == 0)
  }

  @Test func aBoundThatIsNotGoodHasACause() throws {
    func cause(after seconds: Double = 0.5, _ make: (inout SimulatedPhone, inout ClockModel) -> Void) throws
      -> ClockCause?
    {
      var phone = SimulatedPhone(seed: 13, ppm: 10)
      var model = ClockModel()
      make(&phone, &model)
      return try #require(model.state(at: SessionTime(microseconds: Int64(1.1e9 + seconds * 1e6)))).cause
    }
    func talk(_ phone: inout SimulatedPhone, _ model: inout ClockModel, delay: Double? = nil, count: Int = 100) {
      for second in 0..<count {
        model.add(phone.exchange(at: 1.1e9 - Double(count - 1 - second) * 1e6, up: delay, down: delay))
      }
    }
    #expect(try cause { talk(&$0, &$1) } == nil)
    #expect(try cause { talk(&$0, &$1, delay: 30_000) } == .slowNetwork)
    #expect(try cause(after: 3600) { talk(&$0, &$1) } == .noRecentExchange)
    #expect(
      try cause {
        talk(&$0, &$1)
        $0.offset += 5e6
        $1.add($0.exchange(at: 1.1e9 + 100_000))
      } == .clockJumped)
    #expect(
      try cause {
        for second in 0..<100 {
          let sample = $0.exchange(at: 1e9 + Double(second) * 1e6)
          func coarse(_ time: DeviceTime) -> DeviceTime {
            DeviceTime(microseconds: time.microseconds / 4000 * 4000)
          }
          $1.add(
            ClockSample(
              deviceSent: coarse(sample.deviceSent), serverReceived: sample.serverReceived,
              serverSent: sample.serverSent, deviceReceived: coarse(sample.deviceReceived)))
        }
      } == .coarseClock)
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
