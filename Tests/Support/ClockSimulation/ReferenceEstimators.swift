import Timing

/// Something that turns device time into session time, in µs, after exchanges.
public protocol ClockEstimator {
  mutating func learn(_ sample: ClockSample)
  /// SessionTime µs, and the bound it claims, if any. Nil before the first exchange.
  mutating func guess(_ device: DeviceTime) -> (time: Double, bound: Double?)?
}

extension ClockModel: ClockEstimator {
  public mutating func learn(_ sample: ClockSample) { add(sample) }

  public mutating func guess(_ device: DeviceTime) -> (time: Double, bound: Double?)? {
    reading(of: device).map { (Double($0.time.microseconds), Double($0.errorBoundMicroseconds)) }
  }
}

extension ClockHistory: ClockEstimator {
  /// It has seen them all already.
  public mutating func learn(_ sample: ClockSample) {}

  public mutating func guess(_ device: DeviceTime) -> (time: Double, bound: Double?)? {
    reading(of: device).map { (Double($0.time.microseconds), Double($0.errorBoundMicroseconds)) }
  }
}

/// What one does first: the median of `ts_server − ts_device`, as if messages took no time.
public struct NaiveClock: ClockEstimator {
  private var differences: [Int64] = []

  public init() {}

  public mutating func learn(_ sample: ClockSample) {
    let difference = sample.serverReceived.microseconds - sample.deviceSent.microseconds
    let index = differences.firstIndex { $0 > difference } ?? differences.count
    differences.insert(difference, at: index)
  }

  public mutating func guess(_ device: DeviceTime) -> (time: Double, bound: Double?)? {
    guard !differences.isEmpty else { return nil }
    return (Double(device.microseconds + differences[differences.count / 2]), nil)
  }
}

/// The clock filter of NTP (RFC 5905, section 10): of the last eight exchanges the one with the least delay.
public struct NTPClock: ClockEstimator {
  private var stages: [ClockSample] = []
  private static let stageCount = 8

  public init() {}

  public mutating func learn(_ sample: ClockSample) {
    stages = stages.suffix(Self.stageCount - 1) + [sample]
  }

  public mutating func guess(_ device: DeviceTime) -> (time: Double, bound: Double?)? {
    guard let best = stages.min(by: { $0.roundTripMicroseconds < $1.roundTripMicroseconds }) else { return nil }
    return (Double(device.microseconds) + best.offsetMicroseconds, nil)
  }
}
