import Testing
import Timing

@Suite("Clock history")
struct ClockHistoryTests {
  private func error(_ reading: ClockReading?, _ truth: Double) throws -> Double {
    abs(Double(try #require(reading).time.microseconds) - truth)
  }

  @Test func withoutExchangesNothingIsKnown() {
    #expect(ClockHistory([]).reading(of: DeviceTime(microseconds: 5)) == nil)
  }

  @Test func oneExchangeIsEnoughForAReading() throws {
    var phone = SimulatedPhone(seed: 1, ppm: 0)
    let history = ClockHistory([phone.exchange(at: 1e9)])
    let reading = try #require(history.reading(of: phone.clock(at: 1.0005e9)))
    #expect(abs(Double(reading.time.microseconds) - 1.0005e9) <= Double(reading.errorBoundMicroseconds))
  }

  @Test func aFrameFromBeforeTheFirstExchangeGetsATime() throws {
    var phone = SimulatedPhone(seed: 2, ppm: 80)
    let history = ClockHistory((0..<60).map { phone.exchange(at: 1e9 + Double($0) * 1e6) })
    #expect(try error(history.reading(of: phone.clock(at: 0.999e9)), 0.999e9) < 500)
  }

  @Test func framesAroundASleepBelongToTheirOwnSide() throws {
    var phone = SimulatedPhone(seed: 3, ppm: 20)
    var samples = (0..<30).map { phone.exchange(at: 1e9 + Double($0) * 1e6) }
    // The last frame before it is younger than the last exchange.
    let before = phone.clock(at: 1.0298e9)
    phone.offset -= 60e6
    samples += (0..<30).map { phone.exchange(at: 1.0903e9 + Double($0) * 1e6) }
    let after = phone.clock(at: 1.0921e9)
    let history = ClockHistory(samples)
    #expect(history.eraCount == 2)
    #expect(try error(history.reading(of: before), 1.0298e9) < 500)
    #expect(try error(history.reading(of: after), 1.0921e9) < 500)
  }

  @Test func aClockThatWentBackShowsTimesTwiceAndTheLiveReadingTells() throws {
    var phone = SimulatedPhone(seed: 4, ppm: 0)
    var samples = (0..<60).map { phone.exchange(at: 1e9 + Double($0) * 1e6) }
    phone.offset -= 70e6
    samples += (0..<60).map { phone.exchange(at: 1.06e9 + Double($0) * 1e6) }
    let history = ClockHistory(samples)
    #expect(history.eraCount == 2)
    let device = phone.clock(at: 1.1e9)
    let late = SessionTime(microseconds: 1_100_004_000)
    let early = SessionTime(microseconds: 1_030_004_000)
    #expect(try error(history.reading(of: device, live: late), 1.1e9) < 500)
    #expect(try error(history.reading(of: device, live: early), 1.03e9) < 500)
  }

  @Test func oneLyingExchangeChangesNothing() throws {
    var phone = SimulatedPhone(seed: 5, ppm: 10)
    var samples = (0..<60).map { phone.exchange(at: 1e9 + Double($0) * 1e6) }
    var liar = phone
    liar.offset += 40_000
    samples[30] = liar.exchange(at: 1.03e9)
    let history = ClockHistory(samples)
    #expect(history.eraCount == 1)
    #expect(try error(history.reading(of: phone.clock(at: 1.0301e9)), 1.0301e9) < 500)
  }

  @Test(arguments: [Int64.min, -1, 0, Int64.max])
  func absurdStampsAreHarmless(_ stamp: Int64) {
    let now = SessionTime(microseconds: 10_000_000)
    let samples = [Int64.min, 0, 10_000_000, Int64.max].map {
      ClockSample(
        deviceSent: DeviceTime(microseconds: stamp), serverReceived: now, serverSent: now,
        deviceReceived: DeviceTime(microseconds: $0))
    }
    _ = ClockHistory(samples).reading(of: DeviceTime(microseconds: stamp))
  }
}
