import Messages
import Storage
import TestFolders
import Testing

@testable import TokenService

@Suite struct TokenAuthorityTests {
  @Test func aTokenServesItsNumberOfDistinctDevices() throws {
    let test = try TestAuthority()
    let token = try test.pairingToken(devices: 3)
    for number in 1...3 {
      let left = try test.authority.verify(VerifyToken(token: token, kind: .pairing, device: device(number)))
        .devicesLeft
      #expect(left == 4 - number)
      let reply = try test.redeem(token, number)
      let claims = try test.authority.verify(VerifyToken(token: reply.deviceToken, kind: .device)).claims
      #expect(claims == reply.claims)
      #expect(claims.session == session && claims.device == device(number) && claims.mode == .threeD)
      #expect(claims.expiresAt == startSeconds + 24 * 3600)
    }
    #expect(throws: TokenError.full) { try test.redeem(token, 4) }
    #expect(throws: TokenError.full) {
      try test.authority.verify(VerifyToken(token: token, kind: .pairing, device: device(4)))
    }
    #expect(try test.authority.verify(VerifyToken(token: token, kind: .pairing)).devicesLeft == 0)
  }

  @Test func eachDeviceOnceAndARepeatedAttemptGetsItsOwnAnswer() throws {
    let test = try TestAuthority()
    let token = try test.pairingToken()
    let first = try test.redeem(token, 1, attempt: "attempt-a")
    test.time.advance(by: .seconds(5))
    #expect(try test.redeem(token, 1, attempt: "attempt-a").deviceToken == first.deviceToken)
    #expect(throws: TokenError.alreadyUsed) { try test.redeem(token, 1, attempt: "attempt-b") }
    #expect(throws: TokenError.alreadyUsed) {
      try test.authority.verify(VerifyToken(token: token, kind: .pairing, device: device(1)))
    }
    #expect(try test.authority.verify(VerifyToken(token: token, kind: .pairing)).devicesLeft == 3)
  }

  @Test func aFreshQRTakesNobodysPlace() throws {
    let test = try TestAuthority()
    _ = try test.redeem(try test.pairingToken(), 1)
    let fresh = try test.pairingToken()
    #expect(throws: TokenError.alreadyUsed) { try test.redeem(fresh, 1, attempt: "the-thief") }
    _ = try test.redeem(fresh, 2)
  }

  /// The store knows when a token was issued: the wall clock is believed less.
  @Test func aClockThatIsSetBackEndsNobody() throws {
    let test = try TestAuthority()
    let pairing = try test.pairingToken()
    let phone = try test.redeem(pairing, 1)
    let coach = try test.authority.issue(IssueCoachToken()).token
    test.time.stepWallClock(by: .seconds(-900))
    for (token, kind) in [(phone.deviceToken, TokenKind.device), (coach, .coach), (pairing, .pairing)] {
      #expect(throws: Never.self) { try test.authority.verify(VerifyToken(token: token, kind: kind)) }
    }
    _ = try test.redeem(pairing, 2)

    let codec = TokenCodec(keys: try KeyRing(current: testSecret))
    func dated(_ issuedAt: Int64, jti: String) throws -> String {
      let claims = phone.claims
      return try codec.sign(
        TokenClaims(
          kind: .device, session: claims.session, device: claims.device, mode: claims.mode, issuedAt: issuedAt,
          expiresAt: claims.expiresAt, jti: jti))
    }
    let stranger = String(repeating: "s", count: 22)
    for token in [
      try dated(phone.claims.issuedAt + 1, jti: phone.claims.jti), try dated(phone.claims.issuedAt, jti: stranger),
    ] {
      #expect(throws: TokenError.notYetValid) { try test.authority.verify(VerifyToken(token: token, kind: .device)) }
    }
    #expect(try test.authority.revoke(RevokeCoachToken(token: coach)).isRevokedNow)
    #expect(throws: TokenError.revoked) { try test.authority.verify(VerifyToken(token: coach, kind: .coach)) }
  }

  @Test func aDeletedSessionLeavesNothing() throws {
    let test = try TestAuthority()
    let token = try test.pairingToken()
    let phone = try test.redeem(token, 1)
    let coach = try test.authority.issue(IssueCoachToken()).token
    #expect(try test.authority.revoke(RevokeTokens(session: session, deletion: deletion)).revoked == 2)
    #expect(throws: TokenError.revoked) { try test.authority.verify(VerifyToken(token: token, kind: .pairing)) }
    #expect(throws: TokenError.revoked) { try test.redeem(token, 2) }
    // Asked again, as after a kill, it tells the same; what another deletion forgot is another's.
    #expect(try test.authority.revoke(RevokeTokens(session: session, deletion: deletion)).revoked == 2)
    let other = RevokeTokens(session: session, deletion: DeletionID(String(repeating: "b", count: 32))!)
    #expect(try test.authority.revoke(other).revoked == 0)
    #expect(throws: TokenError.revoked) {
      try test.authority.verify(VerifyToken(token: phone.deviceToken, kind: .device))
    }
    #expect(try test.store.count() == 1)
    _ = try test.authority.verify(VerifyToken(token: coach, kind: .coach))
  }

  @Test func tokensExpireAndLeaveTheStoreAMinuteLater() throws {
    let test = try TestAuthority()
    let token = try test.pairingToken(ttl: 300)
    test.time.advance(by: .seconds(299))
    _ = try test.authority.verify(VerifyToken(token: token, kind: .pairing, device: device(1)))
    test.time.advance(by: .seconds(1))
    #expect(throws: TokenError.expired) { try test.redeem(token, 1) }
    test.time.advance(by: .seconds(60))
    #expect(try test.authority.purge() == 0)
    test.time.advance(by: .seconds(1))
    #expect(try test.authority.purge() == 1)
    #expect(try test.store.count() == 0)
    #expect(throws: TokenError.expired) { try test.redeem(token, 1) }
  }

  /// The store is searched only when something has expired, so it must know what does so first whatever comes and goes.
  @Test(arguments: [Database.Access.exclusive, .shared])
  func tokensLeaveInTheOrderTheyExpire(access: Database.Access) throws {
    let test = try TestAuthority(access: access)
    let purge = { (seconds: Int) -> Int in
      test.time.advance(by: .seconds(seconds))
      return try test.authority.purge()
    }
    let other = SessionID("sess-2023-11-14-221321-fedcba")!
    _ = try test.pairingToken(ttl: 600)
    #expect(try purge(0) == 0)
    // One that expires before what is known, and one after it.
    let earlier = IssuePairingToken(session: other, mode: .threeD, maxDevices: 4, ttlSeconds: 300)
    _ = try test.authority.issue(earlier)
    _ = try test.authority.issue(IssueCoachToken())
    #expect(try purge(361) == 1)
    #expect(try purge(299) == 0)
    #expect(try purge(1) == 1)
    #expect(try test.store.count() == 1)
    // One that is the first to expire, and is not there any more when it would.
    _ = try test.authority.issue(earlier)
    _ = try test.authority.revoke(RevokeTokens(session: other, deletion: deletion))
    #expect(try purge(361) == 0)
    #expect(try purge(12 * 3600) == 1)
    #expect(try purge(0) == 0)
  }

  @Test func tokensOfAnEarlierRunLeaveToo() throws {
    let folder = TemporaryFolder()
    _ = try TestAuthority(folder: folder).pairingToken(ttl: 300)
    let next = try TestAuthority(folder: folder)
    #expect(try next.authority.purge() == 0)
    next.time.advance(by: .seconds(361))
    #expect(try next.authority.purge() == 1)
  }

  @Test func anOldPairingTokenLeavesWithoutTheDevicesItLetIn() throws {
    let test = try TestAuthority()
    let phone = try test.redeem(try test.pairingToken(ttl: 300), 1)
    test.time.advance(by: .seconds(1000))
    #expect(try test.authority.purge() == 1)
    _ = try test.authority.verify(VerifyToken(token: phone.deviceToken, kind: .device))
  }

  @Test(arguments: [299, 3601, 0, -1])
  func timesToLiveOutOfRangeAreRefused(_ seconds: Int) throws {
    let test = try TestAuthority()
    #expect(throws: TokenError.timeToLiveOutOfRange) { try test.pairingToken(ttl: seconds) }
  }

  @Test func defaultAndLongestTimeToLive() throws {
    let test = try TestAuthority()
    let request = { IssuePairingToken(session: session, mode: .single, maxDevices: 1, ttlSeconds: $0) }
    #expect(try test.authority.issue(request(nil)).expiresAt == startSeconds + 600)
    #expect(try test.authority.issue(request(3600)).expiresAt == startSeconds + 3600)
  }

  @Test func deviceCountsBelongToTheMode() throws {
    let test = try TestAuthority()
    for (mode, count) in [(SessionMode.single, 2), (.single, 0), (.threeD, 5), (.threeD, 0)] {
      #expect(throws: TokenError.deviceCountOutOfRange) {
        try test.authority.issue(IssuePairingToken(session: session, mode: mode, maxDevices: count, ttlSeconds: nil))
      }
    }
  }

  @Test(arguments: ["", "short", String(repeating: "x", count: 129)])
  func attemptsOutOfRangeAreRefused(_ attempt: String) throws {
    let test = try TestAuthority()
    let token = try test.pairingToken()
    #expect(throws: TokenError.attemptOutOfRange) { try test.redeem(token, 1, attempt: attempt) }
  }

  @Test func aTokenSignedWellButNeverIssuedIsRefused() throws {
    let issuing = try TestAuthority()
    let other = try TestAuthority()
    let token = try issuing.pairingToken()
    #expect(throws: TokenError.revoked) { try other.redeem(token, 1) }
  }

  @Test func everythingIsThereAfterAReopening() throws {
    let first = try TestAuthority(access: .shared)
    let token = try first.pairingToken(devices: 2)
    let phone = try first.redeem(token, 1)
    let second = try TestAuthority(folder: first.folder, access: .shared)
    _ = try second.authority.verify(VerifyToken(token: phone.deviceToken, kind: .device))
    #expect(throws: TokenError.alreadyUsed) { try second.redeem(token, 1, attempt: "another-one") }
    _ = try second.redeem(token, 2)
    #expect(throws: TokenError.full) { try first.redeem(token, 3) }
  }

  @Test func everyErrorHasItsOwnCodeAndARemedy() {
    let errors = TokenError.allCases.map(\.serviceError)
    #expect(Set(errors.map(\.code)).count == errors.count)
    #expect(
      errors.allSatisfy {
        ($0.code.hasPrefix("token_") || $0.code.hasPrefix("pairing_code_")) && (400..<500).contains($0.status)
          && !$0.message.isEmpty
      })
  }

  @Test func oneCoachsBrowserIsSignedOutAndNobodyElse() throws {
    let test = try TestAuthority()
    let coach = try test.authority.issue(IssueCoachToken()).token
    let other = try test.authority.issue(IssueCoachToken()).token
    #expect(try test.authority.revoke(RevokeCoachToken(token: coach)).isRevokedNow)
    #expect(throws: TokenError.revoked) { try test.authority.verify(VerifyToken(token: coach, kind: .coach)) }
    _ = try test.authority.verify(VerifyToken(token: other, kind: .coach))
    // An answer that was lost on the way is asked for again.
    #expect(try !test.authority.revoke(RevokeCoachToken(token: coach)).isRevokedNow)
    let pairing = try test.pairingToken()
    #expect(throws: TokenError.wrongKind) { try test.authority.revoke(RevokeCoachToken(token: pairing)) }
    _ = try test.authority.verify(VerifyToken(token: pairing, kind: .pairing))
  }

  @Test func anotherCoachKeySignsCoachesOutAndNobodyElse() throws {
    let test = try TestAuthority()
    let coach = try test.authority.issue(IssueCoachToken()).token
    let pairing = try test.pairingToken()
    let device = try test.redeem(pairing, 1).deviceToken
    // Of a store that knew no key it is not known what they signed in with.
    #expect(try test.authority.confirm(ConfirmCoachKey(digest: "one")).revoked == 0)
    #expect(try test.authority.confirm(ConfirmCoachKey(digest: "one")).revoked == 0)
    _ = try test.authority.verify(VerifyToken(token: coach, kind: .coach))
    #expect(try test.authority.confirm(ConfirmCoachKey(digest: "two")).revoked == 1)
    #expect(throws: TokenError.revoked) { try test.authority.verify(VerifyToken(token: coach, kind: .coach)) }
    _ = try test.authority.verify(VerifyToken(token: device, kind: .device))
    _ = try test.authority.verify(VerifyToken(token: pairing, kind: .pairing))
    let after = try test.authority.issue(IssueCoachToken()).token
    #expect(try test.authority.confirm(ConfirmCoachKey(digest: "two")).revoked == 0)
    _ = try test.authority.verify(VerifyToken(token: after, kind: .coach))
  }
}
