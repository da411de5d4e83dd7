import Messages
import Testing

@testable import TokenService

@Suite struct TakeBackTests {
  private func takeBack(_ test: TestAuthority, _ reply: RedeemPairingToken.Reply) throws -> Bool {
    try test.authority.takeBack(TakeBackRedemption(grant: reply.claims.jti)).isTakenBack
  }

  @Test func whatIsTakenBackWasNeverRedeemed() throws {
    let test = try TestAuthority()
    let token = try test.pairingToken(devices: 1)
    let lost = try test.redeem(token, 1)
    #expect(try takeBack(test, lost))
    #expect(try !takeBack(test, lost))
    #expect(throws: TokenError.revoked) {
      try test.authority.verify(VerifyToken(token: lost.deviceToken, kind: .device))
    }
    // The same phone in another attempt, for the one place that there is.
    let held = try test.redeem(token, 1, attempt: "register-again")
    #expect(held.claims.jti != lost.claims.jti)
    #expect(try !takeBack(test, lost))
    _ = try test.authority.verify(VerifyToken(token: held.deviceToken, kind: .device))
    #expect(throws: TokenError.full) { try test.redeem(token, 2) }
  }

  @Test func onlyADevicesTokenIsTakenBack() throws {
    let test = try TestAuthority()
    let token = try test.pairingToken()
    let claims = try test.authority.verify(VerifyToken(token: token, kind: .pairing)).claims
    #expect(try !test.authority.takeBack(TakeBackRedemption(grant: claims.jti)).isTakenBack)
    _ = try test.authority.verify(VerifyToken(token: token, kind: .pairing))
  }

  /// The mark is what keeps a phone that was shut out from coming in again with what it knows.
  @Test func whoWasShutOutKeepsTheMark() throws {
    let test = try TestAuthority()
    let token = try test.pairingToken()
    let removed = try test.redeem(token, 1)
    let key = DeviceKey(session: session, device: device(1))
    _ = try test.authority.shutOut(ShutOutDevice(key: key, grant: removed.claims.jti))
    #expect(try !takeBack(test, removed))
    #expect(throws: TokenError.revoked) { try test.redeem(token, 1) }
  }
}
