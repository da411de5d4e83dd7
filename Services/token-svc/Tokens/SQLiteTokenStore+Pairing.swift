import Messages
import Storage

/// Pairing tokens with their codes, and how they are withdrawn.
extension SQLiteTokenStore {
  public func insert(_ token: StoredToken, codeDigest: [UInt8]) throws(StorageError) -> Bool {
    try database.transaction { () throws(StorageError) -> Bool in
      guard try pairingToken(codeDigest: codeDigest) == nil else { return false }
      if let session = token.claims.session { _ = try withdrawPairing(of: session) }
      try insert(token)
      try database.execute(
        "INSERT INTO pairing_codes (digest, pairing_jti) VALUES (?, ?)", .blob(codeDigest), .text(token.claims.jti))
      return true
    }
  }

  public func pairingToken(codeDigest: [UInt8]) throws(StorageError) -> (claims: TokenClaims, isRevoked: Bool)? {
    try database.first(
      """
      SELECT t.session, t.mode, t.issued_at, t.expires_at, t.jti, t.revoked FROM pairing_codes c
      JOIN tokens t ON t.jti = c.pairing_jti WHERE c.digest = ?
      """, .blob(codeDigest)
    ) { row throws(StorageError) in
      let claims = TokenClaims(
        kind: .pairing, session: try row.value(0) { SessionID($0) }, device: nil,
        mode: try row.value(1) { SessionMode(rawValue: $0) }, issuedAt: try row.integer(2),
        expiresAt: try row.integer(3), jti: try row.text(4))
      return (claims, try row.boolean(5))
    }
  }

  public func shutOut(_ key: DeviceKey, grant: String?) throws(StorageError) -> Int {
    // Who was removed must not come back with a power cut.
    try database.transaction(.powerLoss) { () throws(StorageError) -> Int in
      try database.execute(
        """
        UPDATE tokens SET revoked = 1
        WHERE session = ?1 AND device = ?2 AND (?3 IS NULL OR jti = ?3) AND revoked = 0
        """, .text(key.session.text), .text(key.device.text), .optional(grant))
      let own = database.changes
      return own + (try withdrawPairing(of: key.session))
    }
  }

  public func withdrawPairing(of session: SessionID) throws(StorageError) -> Int {
    try database.execute(
      "UPDATE tokens SET revoked = 1 WHERE session = ? AND kind = ? AND revoked = 0", .text(session.text),
      .text(TokenKind.pairing.rawValue))
    return database.changes
  }
}
