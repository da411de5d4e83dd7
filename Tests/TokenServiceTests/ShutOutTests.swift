import Messages
import Testing

@testable import TokenService

@Suite struct ShutOutTests {
  private func shutOut(
    _ test: TestAuthority, _ number: Int, _ grant: String?, staying: [Int]? = nil
  ) throws -> Int {
    let key = DeviceKey(session: session, device: device(number))
    let request = ShutOutDevice(key: key, grant: grant, staying: staying?.map(device))
    return try test.authority.shutOut(request).revoked
  }

  @Test func aRemovedPhoneAndTheQRItUsedAreOut() throws {
    let test = try TestAuthority()
    let token = try test.pairingToken()
    let removed = try test.redeem(token, 1)
    let other = try test.redeem(token, 2)
    #expect(try shutOut(test, 1, removed.claims.jti) == 2)
    #expect(try shutOut(test, 1, removed.claims.jti) == 0)
    #expect(throws: TokenError.revoked) {
      try test.authority.verify(VerifyToken(token: removed.deviceToken, kind: .device))
    }
    // Neither the attempt it made, nor another one, nor another name for itself.
    #expect(throws: TokenError.revoked) { try test.redeem(token, 1) }
    #expect(throws: TokenError.revoked) { try test.redeem(token, 1, attempt: "again-and-again") }
    #expect(throws: TokenError.revoked) { try test.redeem(token, 3) }
    #expect(throws: TokenError.revoked) { try test.authority.verify(VerifyToken(token: token, kind: .pairing)) }
    _ = try test.authority.verify(VerifyToken(token: other.deviceToken, kind: .device))
    // The coach may let it in again, with a fresh QR.
    let again = try test.redeem(try test.pairingToken(), 1, attempt: "let-in-again")
    _ = try test.authority.verify(VerifyToken(token: again.deviceToken, kind: .device))
  }

  /// With the QR of before, in the moment before it was withdrawn: redeemed, but the session did not take it in.
  @Test func aRemovedPhoneUnderAnotherNameIsOutToo() throws {
    let test = try TestAuthority()
    let token = try test.pairingToken()
    let removed = try test.redeem(token, 1)
    let other = try test.redeem(token, 2)
    let disguised = try test.redeem(token, 3)
    #expect(try shutOut(test, 1, removed.claims.jti, staying: [2]) == 3)
    #expect(try shutOut(test, 1, removed.claims.jti, staying: [2]) == 0)
    #expect(throws: TokenError.revoked) {
      try test.authority.verify(VerifyToken(token: disguised.deviceToken, kind: .device))
    }
    #expect(throws: TokenError.revoked) { try test.redeem(token, 3) }
    #expect(throws: TokenError.revoked) { try test.redeem(token, 3, attempt: "again-and-again") }
    _ = try test.authority.verify(VerifyToken(token: other.deviceToken, kind: .device))
    // It is no more than a phone that needs a fresh QR. Another session's phones are none of this one's.
    let again = try test.redeem(try test.pairingToken(), 3, attempt: "let-in-again")
    let elsewhere = DeviceKey(session: SessionID("other")!, device: device(1))
    #expect(try test.authority.shutOut(ShutOutDevice(key: elsewhere, grant: nil, staying: [])).revoked == 0)
    _ = try test.authority.verify(VerifyToken(token: again.deviceToken, kind: .device))
  }

  /// Asking for the removal again, after the phone was let in again, must not end what it holds now.
  @Test func aLateRepetitionEndsNoNewerToken() throws {
    let test = try TestAuthority()
    let first = try test.redeem(try test.pairingToken(), 1)
    _ = try shutOut(test, 1, first.claims.jti)
    let second = try test.redeem(try test.pairingToken(), 1, attempt: "let-in-again")
    _ = try shutOut(test, 1, first.claims.jti)
    _ = try test.authority.verify(VerifyToken(token: second.deviceToken, kind: .device))
    _ = try shutOut(test, 1, nil)
    #expect(throws: TokenError.revoked) {
      try test.authority.verify(VerifyToken(token: second.deviceToken, kind: .device))
    }
  }

  @Test func aFreshQRWithdrawsTheOneBefore() throws {
    let test = try TestAuthority()
    let first = try test.pairingToken()
    let inside = try test.redeem(first, 1)
    let second = try test.pairingToken()
    #expect(throws: TokenError.revoked) { try test.redeem(first, 2) }
    _ = try test.redeem(second, 2)
    // Who is in stays in, and may still ask for an answer that was lost.
    #expect(try test.redeem(first, 1).deviceToken == inside.deviceToken)
    // Other sessions keep theirs.
    let other = try test.authority.issue(
      IssuePairingToken(session: SessionID("other")!, mode: .single, maxDevices: 1, ttlSeconds: nil))
    _ = try test.pairingToken()
    _ = try test.authority.verify(VerifyToken(token: other.token, kind: .pairing))
  }

  @Test func aShutOutIsThereAfterAReopening() throws {
    let first = try TestAuthority(access: .shared)
    let token = try first.pairingToken()
    let phone = try first.redeem(token, 1)
    _ = try shutOut(first, 1, phone.claims.jti)
    let second = try TestAuthority(folder: first.folder, access: .shared)
    #expect(throws: TokenError.revoked) {
      try second.authority.verify(VerifyToken(token: phone.deviceToken, kind: .device))
    }
    #expect(throws: TokenError.revoked) { try second.redeem(token, 2) }
  }
}
