/// An instant on one phone's own monotonic clock, in microseconds since an origin only that phone knows.
///
/// Nothing but the clock model turns one into a `SessionTime`: the two types share no arithmetic.
public struct DeviceTime: Hashable, Comparable, Codable, Sendable {
  public let microseconds: Int64

  public init(microseconds: Int64) { self.microseconds = microseconds }

  public init(from decoder: any Decoder) throws {
    microseconds = try decoder.singleValueContainer().decode(Int64.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(microseconds)
  }

  public static func < (a: DeviceTime, b: DeviceTime) -> Bool { a.microseconds < b.microseconds }
  /// The distance in microseconds; wraps instead of trapping, because a phone may send any value.
  public static func - (a: DeviceTime, b: DeviceTime) -> Int64 { a.microseconds &- b.microseconds }
  public static func + (a: DeviceTime, microseconds: Int64) -> DeviceTime {
    DeviceTime(microseconds: a.microseconds &+ microseconds)
  }
}
