/// In which steps a device's clock reads. Browsers round: 5 µs to 1 ms, depending on the browser and on the page.
struct ClockResolution: Sendable {
  private var first: DeviceTime?
  private var step: UInt64 = 0
  private var readings = 0

  /// Assumed until enough readings were seen: the coarsest that browsers do.
  static let coarsest = 1000.0
  private static let enoughReadings = 8

  /// Takes the readings of one exchange into account.
  mutating func observe(_ sample: ClockSample) {
    for reading in [sample.deviceSent, sample.deviceReceived] {
      let distance = (reading - (first ?? reading)).magnitude
      if first == nil { first = reading }
      step = Self.greatestCommonDivisor(step, distance)
      readings += 1
    }
  }

  /// µs by which a reading may be off.
  var microseconds: Double {
    guard readings >= Self.enoughReadings else { return Self.coarsest }
    return min(max(Double(step), 1), 20 * Self.coarsest)
  }

  private static func greatestCommonDivisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}
