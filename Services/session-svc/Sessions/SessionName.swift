import Crypto
import Glibc
import Messages

/// Names that session-svc gives: `sess-YYYY-MM-DD-HHMMSS-xxxxxx`, UTC and 24 random bits.
enum SessionName {
  static func make(utcMicroseconds: Int64, random: any RandomSource) throws(CryptoError) -> SessionID {
    var seconds = time_t(utcMicroseconds / 1_000_000)
    var utc = tm()
    gmtime_r(&seconds, &utc)
    let date = "\(digits(utc.tm_year + 1900, 4))-\(digits(utc.tm_mon + 1, 2))-\(digits(utc.tm_mday, 2))"
    let time = "\(digits(utc.tm_hour, 2))\(digits(utc.tm_min, 2))\(digits(utc.tm_sec, 2))"
    return SessionID("sess-\(date)-\(time)-\(Hexadecimal.encode(try random.bytes(3)))")!
  }

  private static func digits(_ value: Int32, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
