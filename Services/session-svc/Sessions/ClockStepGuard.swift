/// Notices that the wall clock was set forward, and for how long ages that were read off it are not to be believed.
///
/// A machine without a good real-time clock may start weeks behind; when it is set right, what was just recorded looks
/// weeks old. How long it was up tells the two apart. A value: whoever owns the clocks reads them.
public struct ClockStepGuard: Sendable {
  /// How much further than the uptime the wall clock may advance between two readings, microseconds.
  static let tolerance: Int64 = 600_000_000
  /// How long nothing is judged by its age after a step, microseconds of uptime.
  static let pause: Int64 = 86_400_000_000

  private var last: (utc: Int64, uptime: Int64)?
  private var pausedUntil: Int64?

  public init() {}

  /// Takes a reading in.
  ///
  /// - Parameters:
  ///   - utc: microseconds since the Unix epoch.
  ///   - uptime: microseconds on a clock that nobody sets and that counts while the machine sleeps.
  /// - Returns: how far the wall clock was set forward since the last reading, microseconds; nil if it was not.
  public mutating func read(utc: Int64, uptime: Int64) -> Int64? {
    defer { last = (utc, uptime) }
    guard let last else { return nil }
    let step = (utc - last.utc) - (uptime - last.uptime)
    guard step > Self.tolerance else { return nil }
    pausedUntil = uptime + Self.pause
    return step
  }

  /// Whether what is old by the wall clock may be taken to be old.
  public func believesAges(at uptime: Int64) -> Bool { pausedUntil.map { uptime >= $0 } ?? true }
}
