import CSystemd
import Glibc

/// Tells systemd how the service does; does nothing elsewhere (sd_notify(3)).
enum SystemdNotifier {
  static func notify(_ state: String) { sd_notify(0, state) }

  /// Half the watchdog's limit, as sd_watchdog_enabled(3) advises; nil without a watchdog.
  static var watchdogPeriod: Duration? {
    var microseconds: UInt64 = 0
    guard sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
    return .microseconds(Int64(microseconds / 2))
  }
}
