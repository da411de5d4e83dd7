import Glibc

/// Instants as ISO 8601 in UTC: `2026-11-24T05:00:00Z`.
enum UTCText {
  static func format(seconds: Int64) -> String {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    let year = parts.tm_year + 1900
    return String(unsafeUninitializedCapacity: 20) { bytes in
      var count = 0
      func write(_ number: Int32, _ separator: Unicode.Scalar?) {
        bytes[count] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10 % 10)
        bytes[count + 1] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10)
        count += 2
        guard let separator else { return }
        bytes[count] = UInt8(ascii: separator)
        count += 1
      }
      write(year / 100, nil)
      write(year % 100, "-")
      write(parts.tm_mon + 1, "-")
      write(parts.tm_mday, "T")
      write(parts.tm_hour, ":")
      write(parts.tm_min, ":")
      write(parts.tm_sec, "Z")
      return count
    }
  }
}
