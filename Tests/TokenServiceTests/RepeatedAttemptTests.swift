import Messages
import Storage
import TestFolders
import Testing

@testable import TokenService

/// A phone whose answer was lost asks again with the secret of its attempt, but with another QR of the session.
@Suite struct RepeatedAttemptTests {
  @Test func aLostAnswerIsHadWithAFreshQR() throws {
    let test = try TestAuthority()
    let lost = try test.redeem(try test.pairingToken(), 1)
    test.time.advance(by: .seconds(5))
    let fresh = try test.pairingToken()
    let had = try test.redeem(fresh, 1)
    #expect(had.deviceToken == lost.deviceToken)
    #expect(had.claims == lost.claims)
    #expect(throws: TokenError.alreadyUsed) { try test.redeem(fresh, 1, attempt: "the-thief") }
    // Should this answer be lost as well, and this QR be renewed too.
    _ = try test.pairingToken()
    #expect(try test.redeem(fresh, 1).deviceToken == lost.deviceToken)
    #expect(throws: TokenError.revoked) { try test.redeem(fresh, 1, attempt: "the-thief") }
  }

  @Test func itOutlivesTheQRThatItWasMadeWith() throws {
    let test = try TestAuthority()
    let lost = try test.redeem(try test.pairingToken(ttl: 300), 1)
    test.time.advance(by: .seconds(1000))
    #expect(try test.authority.purge() == 1)
    #expect(try test.redeem(try test.pairingToken(), 1).deviceToken == lost.deviceToken)
  }

  @Test func whoIsInNeedsNoPlaceOfTheFreshQR() throws {
    let test = try TestAuthority()
    let lost = try test.redeem(try test.pairingToken(), 1)
    let fresh = try test.pairingToken(devices: 1)
    _ = try test.redeem(fresh, 1)
    #expect(try test.authority.verify(VerifyToken(token: fresh, kind: .pairing)).devicesLeft == 1)
    _ = try test.redeem(fresh, 2)
    #expect(try test.redeem(fresh, 1).deviceToken == lost.deviceToken)
    #expect(throws: TokenError.full) { try test.redeem(fresh, 3) }
  }

  @Test func whoWasShutOutGetsNothingOfBefore() throws {
    let test = try TestAuthority()
    let first = try test.pairingToken()
    let removed = try test.redeem(first, 1)
    let second = try test.pairingToken()
    _ = try test.redeem(second, 1)
    let key = DeviceKey(session: session, device: device(1))
    _ = try test.authority.shutOut(ShutOutDevice(key: key, grant: removed.claims.jti))
    for qr in [first, second] { #expect(throws: TokenError.revoked) { try test.redeem(qr, 1) } }
    let again = try test.redeem(try test.pairingToken(), 1)
    #expect(again.claims.jti != removed.claims.jti)
    #expect(throws: TokenError.revoked) {
      try test.authority.verify(VerifyToken(token: removed.deviceToken, kind: .device))
    }
  }

  @Test func anAttemptIsGoodInItsOwnSessionOnly() throws {
    let test = try TestAuthority()
    let here = try test.redeem(try test.pairingToken(), 1)
    let elsewhere = try test.authority.issue(
      IssuePairingToken(session: SessionID("other")!, mode: .single, maxDevices: 1, ttlSeconds: nil))
    let there = try test.redeem(elsewhere.token, 1)
    #expect(there.claims.jti != here.claims.jti)
    #expect(there.claims.session == SessionID("other"))
  }

  /// A store of before attempts stood with the tokens they were given.
  @Test func anAttemptOfBeforeTheMigrationIsKnown() throws {
    let folder = TemporaryFolder()
    let qr = "a-pairing-token-0"
    let held = "a-device-token-00"
    let digest: [UInt8] = Array(repeating: 7, count: 32)
    do {
      let old = try Database(
        path: "\(folder.path)/tokens.db", migrations: Array(SQLiteTokenStore.migrations.prefix(5)))
      for (jti, kind, device) in [(qr, TokenKind.pairing, nil), (held, .device, device(1).text)] {
        try old.execute(
          """
          INSERT INTO tokens (jti, kind, session, device, mode, max_devices, issued_at, expires_at)
          VALUES (?, ?, ?, ?, '3d', 4, 1, 1000)
          """, .text(jti), .text(kind.rawValue), .text(session.text), .optional(device))
      }
      try old.execute(
        "INSERT INTO redemptions (pairing_jti, device, attempt_digest, device_jti) VALUES (?, ?, ?, ?)",
        .text(qr), .text(device(1).text), .blob(digest), .text(held))
    }
    let store = try SQLiteTokenStore(path: "\(folder.path)/tokens.db")
    let fresh = TokenClaims(
      kind: .device, session: nil, device: device(1), mode: nil, issuedAt: 100, expiresAt: 2000,
      jti: "another-token-000")
    let redemption = { Redemption(pairing: qr, device: device(1), attemptDigest: $0, deviceToken: fresh) }
    guard case .granted(let claims) = try store.redeem(redemption(digest)) else {
      Issue.record("refused")
      return
    }
    #expect(claims.jti == held && claims.expiresAt == 1000)
    #expect(try store.redeem(redemption(Array(repeating: 8, count: 32))) == .refused(.alreadyUsed))
  }
}
