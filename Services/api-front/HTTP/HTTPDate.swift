import Glibc

/// The `Date` header (RFC 9110, section 6.6.1), formatted once a second.
struct HTTPDate {
  private var second: Int64 = -1
  private var formatted: [UInt8] = []

  mutating func bytes(utcSeconds now: Int64) -> [UInt8] {
    if now != second {
      second = now
      formatted = Array(Self.format(seconds: now).utf8)
    }
    return formatted
  }

  /// Seconds since the Unix epoch as `Sun, 06 Nov 1994 08:49:37 GMT`, whatever the locale is.
  static func format(seconds: Int64) -> String {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900) "
      + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
  }
}
