import Messages
import Storage
import TestFolders
import Testing

@testable import TokenService

/// What is remembered of tokens must never differ from what is stored.
@Suite struct StandingCacheTests {
  /// All that may change how a token stands, and what only seems to.
  enum Change: CaseIterable {
    case redeem, takeBack, withdrawPairing, shutOut, revoke, forget, purge, transactionThatIsUndone

    /// - Parameters:
    ///   - qr: the jti of a pairing token.
    ///   - grant: the jti of the token that the first device got for it.
    /// - Returns: whether it did what it was to do.
    func make(_ test: TestAuthority, qr: String, grant: String) throws -> Bool {
      let store = test.store
      switch self {
      case .redeem: return try test.redeem(try test.pairingToken(), 3).claims.device == device(3)
      case .takeBack: return try store.takeBack(grant: grant)
      case .withdrawPairing: return try store.withdrawPairing(of: session) == 1
      case .shutOut:
        return try store.shutOut(DeviceKey(session: session, device: device(1)), grant: grant, staying: nil) == 2
      case .revoke: return try store.revoke(jti: grant)
      case .forget: return try store.forget(session: session, for: deletion, at: startSeconds) == 2
      case .purge: return try store.purge(expiredBefore: .max, forgottenBefore: 0) == 2
      case .transactionThatIsUndone:
        do throws(StorageError) {
          try store.database.transaction { () throws(StorageError) in
            try store.database.execute("UPDATE tokens SET revoked = 1 WHERE jti = ?", .text(qr))
            try store.database.execute("INSERT INTO coach_key (digest) VALUES (NULL)")
          }
        } catch {
          return true
        }
        return false
      }
    }
  }

  @Test(arguments: Change.allCases)
  func whateverIsWrittenIsSeenAtOnce(change: Change) throws {
    let test = try TestAuthority()
    let token = try test.pairingToken()
    let qr = try test.authority.verify(VerifyToken(token: token, kind: .pairing)).claims.jti
    let grant = try test.redeem(token, 1).claims.jti
    let questions: [(String, DeviceID?)] = [(qr, nil), (qr, device(1)), (qr, device(2)), (grant, nil)]
    func expectTruth() throws {
      for (jti, device) in questions {
        // Twice: read, and remembered.
        for _ in 1...2 {
          let standing = try test.store.standing(of: jti, device: device)
          #expect(standing == (try test.store.readStanding(of: jti, device: device)))
        }
      }
    }
    try expectTruth()
    #expect(try change.make(test, qr: qr, grant: grant))
    try expectTruth()
  }

  @Test func aStoreThatOthersWriteToRemembersNothing() throws {
    let folder = TemporaryFolder()
    let ours = try TestAuthority(folder: folder, access: .shared)
    let others = try SQLiteTokenStore(path: "\(folder.path)/tokens.db", access: .shared)
    let token = try ours.pairingToken()
    let jti = try ours.authority.verify(VerifyToken(token: token, kind: .pairing)).claims.jti
    #expect(try ours.store.standing(of: jti, device: nil)?.isRevoked == false)
    #expect(try others.revoke(jti: jti))
    #expect(try ours.store.standing(of: jti, device: nil)?.isRevoked == true)
  }

  @Test func howMuchIsRememberedIsBounded() throws {
    let cache = StandingCache()
    let standing = TokenStanding(isRevoked: false, session: nil, mode: nil, devicesLeft: 1, isUsedByDevice: false)
    for number in 0...StandingCache.capacity { cache.remember(standing, of: "\(number)", device: nil, at: 0) }
    #expect(cache.standing(of: "\(StandingCache.capacity)", device: nil, at: 0) == standing)
    #expect(cache.standing(of: "0", device: nil, at: 0) == nil)
  }
}
