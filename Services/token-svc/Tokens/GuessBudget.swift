import Timing

/// How many wrong pairing codes the whole server puts up with. A pure value: a bucket of wrong guesses that leaks evenly.
///
/// A code has 40 bits and lives for an hour at most. With 300 wrong guesses a minute, somebody who tries for that hour
/// while a hundred codes are in use finds one with a chance of 1 in 600,000. The budget is of the server, because an
/// attacker may have many addresses; what one address may ask is api-front's business. Right codes cost nothing, and
/// a spent budget opens again after a fifth of a second, so that whoever keeps on guessing cannot lock phones out for
/// longer than it guesses, and never those that scan.
struct GuessBudget: Hashable {
  static let capacity = 300
  static let perMinute = 300
  /// Microseconds in which one guess is regained.
  private static let interval: Int64 = 60_000_000 / Int64(perMinute)

  /// When all guesses will have been regained.
  private var isFullAt = SessionTime.zero

  /// Whether a code may be looked at. If it turns out wrong, `spend`.
  func isOpen(at now: SessionTime) -> Bool { debt(at: now) + Self.interval <= Int64(Self.capacity) * Self.interval }

  mutating func spend(at now: SessionTime) {
    isFullAt = SessionTime(microseconds: now.microseconds + debt(at: now) + Self.interval)
  }

  private func debt(at now: SessionTime) -> Int64 { max(0, isFullAt - now) }
}
