import Glibc

/// How long the machine has been up, its sleep included.
enum Uptime {
  /// Microseconds. `SessionTime`'s clock stands still while the machine sleeps, and the wall clock can be set.
  static func microseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
  }
}
