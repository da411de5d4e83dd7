import Glibc

/// Where a part of the program gets "now" from. Injected, so that every expiry and deadline can be tested.
public protocol TimeSource: Sendable {
  func now() -> SessionTime
  /// Microseconds since the Unix epoch, for what people and tokens read.
  func utcMicroseconds() -> Int64
}

/// The machine's own clocks.
public struct SystemTimeSource: TimeSource {
  public init() {}

  public func now() -> SessionTime { SessionTime(microseconds: Self.read(CLOCK_MONOTONIC)) }
  public func utcMicroseconds() -> Int64 { Self.read(CLOCK_REALTIME) }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
  }
}
