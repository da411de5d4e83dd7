import Messages
import Storage

/// Pairing tokens with their codes, and how they are withdrawn.
extension SQLiteTokenStore {
  public func insert(_ token: StoredToken, codeDigest: [UInt8]) throws(StorageError) -> Bool {
    let claims = token.claims
    return try database.transaction { () throws(StorageError) -> Bool in
      guard try enter(token, codeDigest: codeDigest) else { return false }
      try database.execute(
        "UPDATE tokens SET revoked = 1 WHERE session = ? AND kind = ? AND revoked = 0 AND jti <> ?",
        .optional(claims.session?.text), .text(TokenKind.pairing.rawValue), .text(claims.jti))
      return true
    }
  }

  public func pairingToken(codeDigest: [UInt8]) throws(StorageError) -> (claims: TokenClaims, isRevoked: Bool)? {
    try database.first(
      "SELECT session, mode, issued_at, expires_at, jti, revoked FROM tokens WHERE code_digest = ?", .blob(codeDigest)
    ) { row throws(StorageError) in
      let claims = TokenClaims(
        kind: .pairing, session: try row.value(0) { SessionID($0) }, device: nil,
        mode: try row.value(1) { SessionMode(rawValue: $0) }, issuedAt: try row.integer(2),
        expiresAt: try row.integer(3), jti: try row.text(4))
      return (claims, try row.boolean(5))
    }
  }

  public func takeBack(grant: String) throws(StorageError) -> Bool {
    try database.transaction { () throws(StorageError) -> Bool in
      try database.execute(
        "DELETE FROM tokens WHERE jti = ? AND kind = ? AND revoked = 0", .text(grant),
        .text(TokenKind.device.rawValue))
      guard database.changes == 1 else { return false }
      try database.execute("DELETE FROM redemptions WHERE device_jti = ?", .text(grant))
      return true
    }
  }

  public func shutOut(_ key: DeviceKey, grant: String?, staying: [DeviceID]?) throws(StorageError) -> Int {
    // Who was removed must not come back with a power cut.
    try database.transaction(.powerLoss) { () throws(StorageError) -> Int in
      try database.execute(
        """
        UPDATE tokens SET revoked = 1
        WHERE session = ?1 AND device = ?2 AND (?3 IS NULL OR jti = ?3) AND revoked = 0
        """, .text(key.session.text), .text(key.device.text), .optional(grant))
      var revoked = database.changes
      if let staying { revoked += try revokeTokens(of: key.session, keeping: Set(staying)) }
      return revoked + (try withdrawPairing(of: key.session))
    }
  }

  /// Ends the tokens of a session's devices but for some. How many there were.
  private func revokeTokens(of session: SessionID, keeping: Set<DeviceID>) throws(StorageError) -> Int {
    let held = try database.query(
      "SELECT jti, device FROM tokens WHERE session = ? AND kind = ? AND revoked = 0", .text(session.text),
      .text(TokenKind.device.rawValue)
    ) { row throws(StorageError) in (jti: try row.text(0), device: try row.value(1) { DeviceID($0) }) }
    let ending = held.filter { !keeping.contains($0.device) }
    for token in ending { try database.execute("UPDATE tokens SET revoked = 1 WHERE jti = ?", .text(token.jti)) }
    return ending.count
  }

  public func withdrawPairing(of session: SessionID) throws(StorageError) -> Int {
    try database.execute(
      "UPDATE tokens SET revoked = 1 WHERE session = ? AND kind = ? AND revoked = 0", .text(session.text),
      .text(TokenKind.pairing.rawValue))
    return database.changes
  }
}
