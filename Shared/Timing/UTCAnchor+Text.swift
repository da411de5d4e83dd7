import Glibc

extension UTCAnchor {
  /// The anchor's instant as RFC 3339 with microseconds: `2026-11-24T04:30:00.250000Z`.
  public var rfc3339: String { rfc3339(at: sessionTime) }

  /// An instant of the same clock in that form. What lies before 1970 is 1970.
  public func rfc3339(at time: SessionTime) -> String {
    let microseconds = max(0, utcMicroseconds(at: time))
    var seconds = time_t(microseconds / 1_000_000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    var text = [CChar](repeating: 0, count: 32)
    strftime(&text, text.count, "%Y-%m-%dT%H:%M:%S", &parts)
    let fraction = String(microseconds % 1_000_000)
    let padding = String(repeating: "0", count: 6 - fraction.count)
    return text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) } + ".\(padding)\(fraction)Z"
  }
}
