import Messages
import Timing

/// Remembers for less than a second that a token was good, so that hot paths need not ask token-svc each time.
///
/// Revocation is honoured within a second everywhere: an entry counts from when the question was asked.
struct VerificationCache {
  static let lifetime = Duration.milliseconds(800)
  /// When full, everything is forgotten: the cache only saves questions.
  static let capacity = 4096

  private struct Key: Hashable {
    let token: String
    let kind: TokenKind
  }

  private var entries: [Key: (claims: TokenClaims, until: SessionTime)] = [:]

  func claims(of token: String, _ kind: TokenKind, at now: SessionTime) -> TokenClaims? {
    guard let entry = entries[Key(token: token, kind: kind)], now < entry.until else { return nil }
    return entry.claims
  }

  mutating func remember(_ claims: TokenClaims, of token: String, _ kind: TokenKind, askedAt: SessionTime) {
    if entries.count >= Self.capacity { entries.removeAll(keepingCapacity: true) }
    entries[Key(token: token, kind: kind)] = (claims, askedAt.advanced(by: Self.lifetime))
  }

  mutating func forget(_ token: String, _ kind: TokenKind) { entries[Key(token: token, kind: kind)] = nil }

  mutating func forget() { entries.removeAll() }
}
