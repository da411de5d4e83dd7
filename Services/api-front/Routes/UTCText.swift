import Glibc

/// Instants as ISO 8601 in UTC: `2026-11-24T05:00:00Z`.
enum UTCText {
  static func format(seconds: Int64) -> String {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    let year = parts.tm_year + 1900
    let fields: [(Int32, UInt8)] = [
      (year / 100, 0), (year % 100, UInt8(ascii: "-")), (parts.tm_mon + 1, UInt8(ascii: "-")),
      (parts.tm_mday, UInt8(ascii: "T")), (parts.tm_hour, UInt8(ascii: ":")), (parts.tm_min, UInt8(ascii: ":")),
      (parts.tm_sec, UInt8(ascii: "Z")),
    ]
    return String(unsafeUninitializedCapacity: 20) { bytes in
      var count = 0
      for (number, separator) in fields {
        bytes[count] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10 % 10)
        bytes[count + 1] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10)
        count += 2
        if separator != 0 {
          bytes[count] = separator
          count += 1
        }
      }
      return count
    }
  }
}
