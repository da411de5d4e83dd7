import ClockSimulation
import Timing

/// A phone whose clock a test moves by hand, and whose messages take as long as the test says.
struct SimulatedPhone {
  var random: SeededGenerator
  /// DeviceTime − SessionTime, µs.
  var offset: Double
  let ppm: Double

  init(seed: UInt64, ppm: Double) {
    random = SeededGenerator(seed: seed)
    offset = random.uniform(-9e9...9e9)
    self.ppm = ppm
  }

  /// What the phone's clock shows at a true instant, SessionTime µs.
  func clock(at session: Double) -> DeviceTime { SimulatedClock(offset: offset, ppm: ppm).reading(at: session) }

  /// One exchange; without delays, as on a quiet link.
  mutating func exchange(at session: Double, up: Double? = nil, down: Double? = nil) -> ClockSample {
    let arrival = session + (up ?? random.uniform(300...700))
    let departure = arrival + random.uniform(20...60)
    return ClockSample(
      deviceSent: clock(at: session), serverReceived: SessionTime(microseconds: Int64(arrival)),
      serverSent: SessionTime(microseconds: Int64(departure)),
      deviceReceived: clock(at: departure + (down ?? random.uniform(300...700))))
  }
}
