import Crypto
import Messages

/// The keys that verify; the current one also signs. Two at most, so that a rotation drops nobody: the new secret
/// becomes current, the old one stays until the tokens it signed have expired.
public struct KeyRing {
  let current: SigningKey
  private let previous: SigningKey?

  public init(current: [UInt8], previous: [UInt8]? = nil) throws(CryptoError) {
    self.current = try SigningKey(secret: current)
    if let previous { self.previous = try SigningKey(secret: previous) } else { self.previous = nil }
  }

  /// Names of the live keys, current first.
  public var identifiers: [String] { [current.id] + (previous.map { [$0.id] } ?? []) }

  /// What a code may be stored under: codes of before a rotation are still good.
  func digests(of code: PairingCode) throws(CryptoError) -> [[UInt8]] {
    var digests = [try current.digest(of: code)]
    if let previous { digests.append(try previous.digest(of: code)) }
    return digests
  }

  /// The key that writes exactly this header for this kind, so that there is nothing to read in it.
  func key(writing encodedHeader: ArraySlice<UInt8>, for kind: TokenKind) -> SigningKey? {
    if current.writes(encodedHeader, for: kind) { return current }
    if let previous, previous.writes(encodedHeader, for: kind) { return previous }
    return nil
  }

  /// Only a key that is named: an unknown id never falls back to another key.
  func key(_ id: String) throws(TokenError) -> SigningKey {
    if id == current.id { return current }
    if let previous, id == previous.id { return previous }
    throw .unknownKey
  }
}
