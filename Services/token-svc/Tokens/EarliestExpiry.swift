/// When the next stored token expires, so that the store is searched for expired ones only when there are some.
///
/// An index on the time would say so too, but each token would be written to it as well, which a coach and a phone wait for.
final class EarliestExpiry {
  /// Seconds since the Unix epoch; nil while it is not known. No token expires earlier: one that is gone may have.
  private var earliest: Int64?

  func note(_ expiresAt: Int64) {
    if let earliest { self.earliest = min(earliest, expiresAt) }
  }

  func mayPrecede(_ time: Int64) -> Bool { earliest.map { $0 < time } ?? true }

  /// - Parameter expiresAt: of the token that expires first; nil where there is none.
  func found(_ expiresAt: Int64?) { earliest = expiresAt ?? .max }
}
