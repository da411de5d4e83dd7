import Crypto
import Messages
import Storage
import TestFolders
import Testing
import Timing

@testable import TokenService

/// Gives the bytes it was made with.
private struct FixedRandom: RandomSource {
  let fixed: [UInt8]
  func bytes(_ count: Int) throws(CryptoError) -> [UInt8] { Array(fixed.prefix(count)) }
}

@Suite struct PairingCodeTests {
  /// Against Crockford's alphabet, five bits a character, most significant first.
  @Test(arguments: [
    ([0, 0, 0, 0, 0], "0000-0000"), ([255, 255, 255, 255, 255], "ZZZZ-ZZZZ"), ([0, 68, 50, 20, 199], "0123-4567"),
    ([0x42, 0x54, 0xB6, 0x35, 0xCF], "89AB-CDEF"), ([0, 0, 0, 0, 1], "0000-0001"),
  ])
  func bitsBecomeCharacters(_ bytes: [UInt8], _ code: String) throws {
    #expect(try PairingCode(random: FixedRandom(fixed: bytes)).grouped == code)
  }

  @Test func everyCodeIsReadAsItWasShown() throws {
    let random = SeededRandom(seed: 5)
    for _ in 0..<2000 {
      let code = try PairingCode(random: random)
      #expect(PairingCode(typed: code.grouped) == code)
      #expect(PairingCode(typed: code.grouped.lowercased()) == code)
      #expect(!code.grouped.contains { "ILOU".contains($0) })
    }
  }

  @Test(arguments: [
    "7q4km2xd", "7Q4K-M2XD", " 7Q4K M2XD ", "7Q4K\u{2013}M2XD", "7Q4K\u{2014}M2XD", "7 Q 4 K - M 2 X D", "7Q4K.M2XD\n",
  ])
  func waysOfTyping(_ typed: String) {
    #expect(PairingCode(typed: typed)?.grouped == "7Q4K-M2XD")
  }

  @Test func whatLooksAlikeIsReadAlike() {
    #expect(PairingCode(typed: "oOiI-lL10")?.grouped == "0011-1110")
  }

  @Test(arguments: [
    "", "-", "7Q4K-M2X", "7Q4K-M2XDD", "7Q4K-M2XU", "7Q4K-M2X!", "7Q4K-M2XÄ", "７Q4K-M2XD",
    String(repeating: " ", count: 100) + "7Q4KM2XD", String(repeating: "A", count: 100_000),
  ])
  func whatIsNoCode(_ typed: String) {
    #expect(PairingCode(typed: typed) == nil)
  }
}

@Suite struct GuessBudgetTests {
  @Test func guessesRunOutAndComeBackEvenly() {
    var budget = GuessBudget()
    var now = SessionTime(microseconds: 1_000_000_000)
    for _ in 0..<GuessBudget.capacity {
      #expect(budget.isOpen(at: now))
      budget.spend(at: now)
    }
    #expect(!budget.isOpen(at: now))
    // One comes back after a minute's share, and only one.
    let share = 60_000_000 / Int64(GuessBudget.perMinute)
    now = SessionTime(microseconds: now.microseconds + share - 1)
    #expect(!budget.isOpen(at: now))
    now = SessionTime(microseconds: now.microseconds + 1)
    #expect(budget.isOpen(at: now))
    budget.spend(at: now)
    #expect(!budget.isOpen(at: now))
    now = now.advanced(by: .seconds(3600))
    var left = 0
    while budget.isOpen(at: now) {
      budget.spend(at: now)
      left += 1
    }
    #expect(left == GuessBudget.capacity)
  }

  /// Whatever the pace, an hour of guessing gets the capacity and 300 a minute.
  @Test(arguments: [1_000, 50_000, 199_999, 200_000, 1_000_000] as [Int64])
  func anHourOfGuessing(_ pause: Int64) {
    var budget = GuessBudget()
    var guesses = 0
    for instant in stride(from: Int64(0), to: 3_600_000_000, by: Int(pause)) {
      let now = SessionTime(microseconds: 5_000_000 + instant)
      guard budget.isOpen(at: now) else { continue }
      budget.spend(at: now)
      guesses += 1
    }
    #expect(guesses <= GuessBudget.capacity + 60 * GuessBudget.perMinute)
  }
}

@Suite struct CodeRedemptionTests {
  private func issue(_ test: TestAuthority, ttl: Int? = nil) throws -> IssuePairingToken.Reply {
    try test.authority.issue(IssuePairingToken(session: session, mode: .threeD, maxDevices: 4, ttlSeconds: ttl))
  }

  private func redeem(_ test: TestAuthority, _ code: String) throws -> RedeemPairingCode.Reply {
    try test.authority.redeem(RedeemPairingCode(code: code))
  }

  @Test func aCodeStandsForItsToken() throws {
    let test = try TestAuthority()
    let issued = try issue(test)
    let reply = try redeem(test, issued.code.lowercased().replacing("-", with: " "))
    #expect(reply.token == issued.token)
    #expect(reply.claims.session == session && reply.claims.expiresAt == issued.expiresAt)
    // It uses up nothing: each phone types it.
    #expect(try redeem(test, issued.code).token == issued.token)
    _ = try test.redeem(reply.token, 1)
  }

  @Test func aCodeEndsWithItsToken() throws {
    let test = try TestAuthority()
    let first = try issue(test, ttl: 300)
    let second = try issue(test, ttl: 300)
    #expect(throws: TokenError.revoked) { try redeem(test, first.code) }
    test.time.advance(by: .seconds(300))
    #expect(throws: TokenError.expired) { try redeem(test, second.code) }
    test.time.advance(by: .seconds(61))
    _ = try test.authority.purge()
    #expect(throws: TokenError.codeUnknown) { try redeem(test, second.code) }
    let third = try issue(test)
    _ = try test.authority.revoke(RevokeTokens(session: session, deletion: deletion))
    #expect(throws: TokenError.codeUnknown) { try redeem(test, third.code) }
  }

  @Test func aCodeOutlivesARotationOfKeys() throws {
    let before = try TestAuthority(access: .shared)
    let issued = try issue(before)
    let fresh = Array("another-secret-of-32-bytes-at-least".utf8)
    let after = try TestAuthority(folder: before.folder, secret: fresh, previous: testSecret, access: .shared)
    _ = try after.redeem(try redeem(after, issued.code).token, 1)
    let without = try TestAuthority(folder: before.folder, secret: fresh, access: .shared)
    #expect(throws: TokenError.codeUnknown) { try redeem(without, issued.code) }
  }

  @Test func wrongCodesAreBoundedAndRightOnesCostNothing() throws {
    let test = try TestAuthority()
    let issued = try issue(test)
    for _ in 0..<(2 * GuessBudget.capacity) { _ = try redeem(test, issued.code) }
    for _ in 0..<GuessBudget.capacity {
      #expect(throws: TokenError.codeUnknown) { try redeem(test, "0000-0000") }
      // What can be no code is no guess.
      #expect(throws: TokenError.codeMalformed) { try redeem(test, "hello") }
    }
    #expect(throws: TokenError.codeLocked) { try redeem(test, "0000-0000") }
    #expect(throws: TokenError.codeLocked) { try redeem(test, issued.code) }
    #expect(TokenError.codeLocked.serviceError.status == 429)
    test.time.advance(by: .seconds(1))
    #expect(try redeem(test, issued.code).token == issued.token)
  }

  /// The store alone tells nothing: neither codes nor what they would be looked up under.
  @Test func theStoreHoldsNoCode() throws {
    let test = try TestAuthority()
    let code = try issue(test).code
    let typed = try #require(PairingCode(typed: code))
    #expect(try test.store.pairingToken(codeDigest: try SHA256.digest(of: typed.characters)) == nil)
    #expect(try test.store.pairingToken(codeDigest: typed.characters) == nil)
    let keyed = try KeyRing(current: testSecret).digests(of: typed)[0]
    #expect(try test.store.pairingToken(codeDigest: keyed) != nil)
  }

  @Test func aCodeThatIsTakenIsMadeAnew() throws {
    let folder = TemporaryFolder()
    let store = try SQLiteTokenStore(path: "\(folder.path)/tokens.db")
    // Both authorities draw the same bytes, and both want a code of them.
    let replies = try (0..<2).map { number in
      try TokenAuthority(
        keys: try KeyRing(current: testSecret), store: store, time: ManualTimeSource(),
        random: SkippingRandom(skip: number)
      ).issue(
        IssuePairingToken(session: SessionID("take-\(number)")!, mode: .single, maxDevices: 1, ttlSeconds: nil))
    }
    #expect(replies[0].code == "0000-0000")
    #expect(replies[1].code == "0000-0001")
  }
}

/// Token ids that differ by `skip`; codes 0, 1, 2 …
private final class SkippingRandom: RandomSource, @unchecked Sendable {
  private let skip: Int
  private var codes: UInt8 = 0
  init(skip: Int) { self.skip = skip }

  func bytes(_ count: Int) throws(CryptoError) -> [UInt8] {
    guard count == 5 else { return Array(repeating: UInt8(skip), count: count) }
    defer { codes += 1 }
    return [0, 0, 0, 0, codes]
  }
}

/// A store of before codes stood with their tokens.
@Suite struct PairingCodeMigrationTests {
  @Test func aCodeOfBeforeIsStillGood() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/tokens.db"
    let digest: [UInt8] = Array(repeating: 7, count: 32)
    do {
      let old = try Database(path: path, migrations: Array(SQLiteTokenStore.migrations.prefix(2)))
      for jti in ["with-a-code-00000", "without-a-code-00"] {
        try old.execute(
          """
          INSERT INTO tokens (jti, kind, session, mode, max_devices, issued_at, expires_at)
          VALUES (?, ?, ?, ?, 4, 1, 2)
          """, .text(jti), .text(TokenKind.pairing.rawValue), .text(session.text), .text("3d"))
      }
      try old.execute(
        "INSERT INTO pairing_codes (digest, pairing_jti) VALUES (?, ?)", .blob(digest), .text("with-a-code-00000"))
    }
    let store = try SQLiteTokenStore(path: path)
    #expect(try store.pairingToken(codeDigest: digest)?.claims.jti == "with-a-code-00000")
    #expect(try store.count() == 2)
  }
}
