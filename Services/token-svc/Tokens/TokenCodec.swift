import Crypto
import Messages

/// Signs claims and believes signed ones: RFC 7519 as narrowed by RFC 8725. Knows nothing of the store.
public struct TokenCodec {
  private let keys: KeyRing

  public init(keys: KeyRing) { self.keys = keys }

  public func sign(_ claims: TokenClaims) throws(CryptoError) -> String {
    try keys.current.sign(kind: claims.kind, payload: ClaimsCodec.encode(claims))
  }

  /// - Parameter now: seconds since the Unix epoch.
  /// - Throws: `TokenError` for a token that is refused, `CryptoError` where OpenSSL fails.
  public func verify(_ text: String, kind: TokenKind, now: Int64) throws -> TokenClaims {
    let token = try CompactToken(text)
    // We understand no extension, so a critical one must be refused (RFC 7515, section 4.1.11).
    guard !token.header.has("crit") else { throw TokenError.malformed }
    guard token.header.string("alg") == "HS256" else { throw TokenError.wrongAlgorithm }
    guard let id = token.header.string("kid") else { throw TokenError.unknownKey }
    guard try keys.key(id).signed(token) else { throw TokenError.badSignature }
    // Exactly as we write it: a kind that merely looks alike is another kind.
    guard token.header.string("typ") == kind.rawValue else { throw TokenError.wrongKind }
    return try ClaimsCodec.decode(token.payload, kind: kind, now: now)
  }
}
