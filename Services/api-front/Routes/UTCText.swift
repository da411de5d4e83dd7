import Glibc

/// Instants as ISO 8601 in UTC: `2026-11-24T05:00:00Z`.
enum UTCText {
  static func format(seconds: Int64) -> String {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let year = parts.tm_year + 1900
    return "\(two(year / 100))\(two(year % 100))-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
      + "T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
  }
}
