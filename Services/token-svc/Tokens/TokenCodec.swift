import Crypto
import Messages

/// Signs claims and believes signed ones: RFC 7519 as narrowed by RFC 8725. Knows nothing of the store.
public struct TokenCodec {
  private let keys: KeyRing

  public init(keys: KeyRing) { self.keys = keys }

  public func sign(_ claims: TokenClaims) throws(CryptoError) -> String {
    try keys.current.sign(kind: claims.kind, payload: ClaimsCodec.encode(claims))
  }

  /// - Parameters:
  ///   - now: seconds since the Unix epoch.
  ///   - isDatedHere: whether this server has issued these claims at the time they name; asked about one in the future.
  /// - Throws: `TokenError` for a token that is refused, `CryptoError` where OpenSSL fails, what `isDatedHere` throws.
  public func verify(
    _ text: String, kind: TokenKind, now: Int64, isDatedHere: (TokenClaims) throws -> Bool = { _ in false }
  ) throws -> TokenClaims {
    let token = try CompactToken(text)
    if let key = keys.key(writing: token.encodedHeader, for: kind) {
      guard try key.signed(token) else { throw TokenError.badSignature }
    } else {
      try verify(token, header: try token.header(), kind: kind)
    }
    return try ClaimsCodec.decode(token.payload, kind: kind, now: now, isDatedHere: isDatedHere)
  }

  /// For a header that is not one of ours, byte for byte.
  private func verify(_ token: CompactToken, header: FlatJSON, kind: TokenKind) throws {
    // We understand no extension, so a critical one must be refused (RFC 7515, section 4.1.11).
    guard !header.has("crit") else { throw TokenError.malformed }
    guard header.has("alg", "HS256") else { throw TokenError.wrongAlgorithm }
    guard let id = header.string("kid") else { throw TokenError.unknownKey }
    guard try keys.key(id).signed(token) else { throw TokenError.badSignature }
    // Exactly as we write it: a kind that merely looks alike is another kind.
    guard header.string("typ") == kind.rawValue else { throw TokenError.wrongKind }
  }
}
