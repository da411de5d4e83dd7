/// An instant on the server's `CLOCK_MONOTONIC`, in microseconds: one clock for every process of a machine.
///
/// Its UTC anchor is stored with each session (`UTCAnchor`); a reboot starts a new count.
public struct SessionTime: Hashable, Comparable, Codable, Sendable {
  public let microseconds: Int64

  public init(microseconds: Int64) { self.microseconds = microseconds }

  public init(from decoder: any Decoder) throws {
    microseconds = try decoder.singleValueContainer().decode(Int64.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(microseconds)
  }

  public static func < (a: SessionTime, b: SessionTime) -> Bool { a.microseconds < b.microseconds }
  /// The distance in microseconds; wraps instead of trapping, because values arrive from outside.
  public static func - (a: SessionTime, b: SessionTime) -> Int64 { a.microseconds &- b.microseconds }
  public static func + (a: SessionTime, microseconds: Int64) -> SessionTime {
    SessionTime(microseconds: a.microseconds &+ microseconds)
  }
}

extension SessionTime {
  public static let zero = SessionTime(microseconds: 0)
  public static let distantFuture = SessionTime(microseconds: .max)

  /// The later instant, staying at the end of time instead of wrapping.
  public func advanced(by duration: Duration) -> SessionTime {
    let (sum, overflow) = microseconds.addingReportingOverflow(duration.wholeMicroseconds)
    return overflow ? .distantFuture : SessionTime(microseconds: sum)
  }
}

extension Duration {
  /// The duration in whole microseconds, rounded towards zero and kept within 64 bits.
  public var wholeMicroseconds: Int64 { Int64(clamping: attoseconds / 1_000_000_000_000) }
}
