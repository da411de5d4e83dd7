/// What the clock model makes of one `DeviceTime`: the instant on the server's clock, and how wrong that can be.
public struct ClockReading: Hashable, Sendable {
  public let time: SessionTime
  /// The true instant lies within this many microseconds of `time`, before and after.
  public let errorBoundMicroseconds: UInt32

  public init(time: SessionTime, errorBoundMicroseconds: UInt32) {
    self.time = time
    self.errorBoundMicroseconds = errorBoundMicroseconds
  }

  /// The stand-in before the first clock exchange: when the bytes arrived, and a bound that promises nothing.
  public static func provisional(arrival: SessionTime) -> ClockReading {
    ClockReading(time: arrival, errorBoundMicroseconds: .max)
  }

  public var isProvisional: Bool { errorBoundMicroseconds == .max }
}
