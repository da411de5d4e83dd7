import Messages
import Storage
import TestFolders
import Testing

@testable import TokenService

/// What earlier versions wrote is read after an upgrade as it was meant.
@Suite struct MigrationTests {
  private func upgraded(_ folder: TemporaryFolder, from version: Int) throws -> SQLiteTokenStore {
    try OldSchemas.make("\(folder.path)/tokens.db", version: version)
    return try SQLiteTokenStore(path: "\(folder.path)/tokens.db")
  }

  @Test(arguments: 1...OldSchemas.last) func tokensStandAsTheyStood(version: Int) throws {
    let folder = TemporaryFolder()
    let store = try upgraded(folder, from: version)
    #expect(try store.count() == 4)
    let qr = TokenStanding(isRevoked: false, session: session, mode: .threeD, devicesLeft: 2, isUsedByDevice: true)
    #expect(try store.standing(of: "a-pairing-token-0", device: device(1)) == qr)
    #expect(try store.standing(of: "a-pairing-token-0", device: device(2))?.isUsedByDevice == false)
    #expect(try store.standing(of: "a-device-token-00", device: nil)?.session == session)
    #expect(try store.standing(of: "a-coach-s-token-0", device: nil)?.isRevoked == false)
    #expect(try store.standing(of: "a-coach-s-token-1", device: nil)?.isRevoked == true)
    let found = try store.pairingToken(codeDigest: OldSchemas.codeDigest)
    #expect(found?.claims.jti == (version >= 2 ? "a-pairing-token-0" : nil))
  }

  @Test(arguments: 1...OldSchemas.last) func anOldDatabaseIsWorkedOnLikeAnyOther(version: Int) throws {
    let folder = TemporaryFolder()
    let store = try upgraded(folder, from: version)
    let redeem = { (number: Int, attempt: [UInt8]) in
      try store.redeem(
        Redemption(
          pairing: "a-pairing-token-0", device: device(number), attemptDigest: attempt,
          deviceToken: TokenClaims(
            kind: .device, session: nil, device: device(number), mode: nil, issuedAt: 100, expiresAt: 6000,
            jti: "another-token-00\(number)")))
    }
    // The attempt that was made before is known by its name, and by no other.
    guard case .granted(let claims) = try redeem(1, OldSchemas.attemptDigest) else {
      Issue.record("the attempt of before is refused")
      return
    }
    #expect(claims.jti == "a-device-token-00" && claims.expiresAt == 5000)
    #expect(try redeem(1, OldSchemas.codeDigest) == .refused(.alreadyUsed))
    for number in [2, 3] {
      guard case .granted = try redeem(number, OldSchemas.attemptDigest) else {
        Issue.record("a place that was left is refused")
        return
      }
    }
    #expect(try redeem(4, OldSchemas.attemptDigest) == .refused(.full))
    // Before the key was kept nobody can say whether it has changed.
    #expect(try store.confirmCoachKey(digest: "of-another-key") == (version >= 4 ? 1 : 0))
    // A deletion that went on over the upgrade counts on.
    #expect(try store.forget(session: session, for: deletion, at: 10) == (version >= 5 ? 5 : 0) + 4)
  }

  /// Were a step changed after its release, a database that took it before would differ from a new one for ever.
  @Test(arguments: 1...OldSchemas.last + 1) func anUpgradeLeadsWhereANewDatabaseBegins(version: Int) throws {
    let folder = TemporaryFolder()
    let old = try upgraded(folder, from: version).database
    let new = try SQLiteTokenStore(path: "\(folder.path)/new.db").database
    #expect(try schema(of: old) == schema(of: new))
  }

  /// Every later step belongs into `OldSchemas`, too, once it is released.
  @Test func everyOldVersionIsTested() { #expect(OldSchemas.steps.count == SQLiteTokenStore.migrations.count) }

  private func schema(of database: Database) throws -> [String] {
    try database.query("SELECT name || ' ' || ifnull(sql, '') FROM sqlite_master ORDER BY name") {
      row throws(StorageError) in try row.text(0)
    }
  }
}
