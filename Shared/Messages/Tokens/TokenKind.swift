/// What a token opens. Each kind has its own `typ`, so that none passes for another (RFC 8725, section 3.11).
public enum TokenKind: String, Codable, Sendable, CaseIterable {
  /// In the QR: lets `maxDevices` distinct phones register, once each.
  case pairing = "axolotl-pairing+jwt"
  /// A registered phone's own: frames, status, reconnects.
  case device = "axolotl-device+jwt"
  /// A coach's browser, for the length of a session cookie.
  case coach = "axolotl-coach+jwt"
}

/// What a verified token says.
public struct TokenClaims: Codable, Hashable, Sendable {
  public let kind: TokenKind
  public let session: SessionID?
  public let device: DeviceID?
  public let mode: SessionMode?
  /// Seconds since the Unix epoch.
  public let issuedAt: Int64
  public let expiresAt: Int64
  /// The token's own id (RFC 7519, section 4.1.7).
  public let jti: String

  public init(
    kind: TokenKind, session: SessionID?, device: DeviceID?, mode: SessionMode?, issuedAt: Int64, expiresAt: Int64,
    jti: String
  ) {
    self.kind = kind
    self.session = session
    self.device = device
    self.mode = mode
    self.issuedAt = issuedAt
    self.expiresAt = expiresAt
    self.jti = jti
  }
}
