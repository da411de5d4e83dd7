import Messages

/// Claims as the payload of a token, and back.
///
/// Written by hand: every value is a number or an identifier whose alphabet needs no escape, and the reader must refuse
/// what `JSONDecoder` lets pass (see `FlatJSON`).
enum ClaimsCodec {
  static let issuer: StaticString = "axolotl/token-svc"
  static let audience: StaticString = "axolotl/api-front"

  /// Session and mode are written for devices alone. Of a pairing token the store knows them: the QR that carries it is
  /// the coarser, and so read from further away, the less is in it.
  static func encode(_ claims: TokenClaims) -> [UInt8] {
    var json = "{\"iss\":\"\(issuer)\",\"aud\":\"\(audience)\",\"iat\":\(claims.issuedAt),\"exp\":\(claims.expiresAt)"
    json += ",\"jti\":\"\(claims.jti)\""
    if claims.kind == .device, let session = claims.session, let device = claims.device, let mode = claims.mode {
      json += ",\"session\":\"\(session.text)\",\"device\":\"\(device.text)\",\"mode\":\"\(mode.rawValue)\""
    }
    json += "}"
    return Array(json.utf8)
  }

  /// Reads a payload whose signature has been checked.
  ///
  /// - Parameters:
  ///   - now: seconds since the Unix epoch.
  ///   - isDatedHere: whether this server has issued these claims at the time they name; asked about one in the future.
  static func decode(
    _ payload: [UInt8], kind: TokenKind, now: Int64, isDatedHere: (TokenClaims) throws -> Bool
  ) throws -> TokenClaims {
    guard let json = FlatJSON(payload) else { throw TokenError.malformed }
    guard json.has("iss", issuer), json.has("aud", audience) else { throw TokenError.wrongIssuer }
    guard let issuedAt = json.integer("iat"), let expiresAt = json.integer("exp"), let jti = json.string("jti"),
      issuedAt >= 0, expiresAt > issuedAt, (16...64).contains(jti.utf8.count)
    else { throw TokenError.malformed }
    let claims = TokenClaims(
      kind: kind, session: try optional(json, "session") { SessionID($0) },
      device: try optional(json, "device") { DeviceID($0) },
      mode: try optional(json, "mode") { SessionMode(rawValue: $0) }, issuedAt: issuedAt, expiresAt: expiresAt,
      jti: jti)
    guard isComplete(claims) else { throw TokenError.malformed }
    if json.has("nbf") {
      guard let notBefore = json.integer("nbf") else { throw TokenError.malformed }
      if now < notBefore { throw TokenError.notYetValid }
    }
    // Issued here, read here: only a clock that was stepped back puts `iat` ahead, and that ends nobody's streaming.
    if issuedAt > now + toleratedStepSeconds, try !isDatedHere(claims) { throw TokenError.notYetValid }
    if now >= expiresAt { throw TokenError.expired }
    return claims
  }

  private static let toleratedStepSeconds: Int64 = 30

  /// Each kind has exactly its own claims.
  private static func isComplete(_ claims: TokenClaims) -> Bool {
    let has = (claims.session != nil, claims.device != nil, claims.mode != nil)
    return switch claims.kind {
    case .device: has == (true, true, true)
    case .pairing, .coach: has == (false, false, false)
    }
  }

  private static func optional<Value>(
    _ json: FlatJSON, _ name: StaticString, _ make: (String) -> Value?
  ) throws(TokenError) -> Value? {
    guard json.has(name) else { return nil }
    guard let text = json.string(name), let value = make(text) else { throw .malformed }
    return value
  }
}
