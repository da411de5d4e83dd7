import Messages
import Storage

/// `TokenStore` in one SQLite file.
public struct SQLiteTokenStore: TokenStore {
  static let migrations = [
    Migration(
      """
      CREATE TABLE tokens (
        jti TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        session TEXT,
        device TEXT,
        mode TEXT,
        max_devices INTEGER NOT NULL,
        issued_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        revoked INTEGER NOT NULL DEFAULT 0
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX tokens_by_place ON tokens (session, device);
      CREATE INDEX tokens_by_expiry ON tokens (expires_at);
      CREATE TABLE redemptions (
        pairing_jti TEXT NOT NULL REFERENCES tokens (jti) ON DELETE CASCADE,
        device TEXT NOT NULL,
        attempt_digest BLOB NOT NULL,
        device_jti TEXT NOT NULL,
        PRIMARY KEY (pairing_jti, device)
      ) STRICT, WITHOUT ROWID;
      """),
    Migration(
      """
      CREATE TABLE pairing_codes (
        digest BLOB PRIMARY KEY,
        pairing_jti TEXT NOT NULL UNIQUE REFERENCES tokens (jti) ON DELETE CASCADE
      ) STRICT, WITHOUT ROWID;
      """),
    // A code with its token: two pages less are written for each QR, which a coach waits for.
    Migration(
      """
      ALTER TABLE tokens ADD COLUMN code_digest BLOB;
      UPDATE tokens SET code_digest = (SELECT digest FROM pairing_codes WHERE pairing_jti = jti);
      CREATE UNIQUE INDEX tokens_by_code ON tokens (code_digest) WHERE code_digest IS NOT NULL;
      DROP TABLE pairing_codes;
      """),
    Migration("CREATE TABLE coach_key (digest TEXT NOT NULL) STRICT;"),
    Migration(
      """
      CREATE TABLE forgotten (
        deletion TEXT PRIMARY KEY,
        tokens INTEGER NOT NULL,
        at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      """),
    // With the token that the attempt was given, which outlives the QR it was made with.
    Migration(
      """
      ALTER TABLE tokens ADD COLUMN attempt_digest BLOB;
      UPDATE tokens SET attempt_digest = r.attempt_digest FROM redemptions AS r WHERE r.device_jti = jti;
      ALTER TABLE redemptions DROP COLUMN attempt_digest;
      """),
    // A page less is written for each token; `EarliestExpiry` stands in for it.
    Migration("DROP INDEX tokens_by_expiry;"),
  ]

  let database: Database
  /// nil where others may write beside this store, as is `expiry`.
  private let known: StandingCache?
  private let expiry: EarliestExpiry?

  public init(
    path: String, access: Database.Access = .shared, busyTimeout: Duration = .milliseconds(1500)
  ) throws(StorageError) {
    database = try Database(path: path, migrations: Self.migrations, access: access, busyTimeout: busyTimeout)
    known = access == .exclusive ? StandingCache() : nil
    expiry = access == .exclusive ? EarliestExpiry() : nil
  }

  public func insert(_ token: StoredToken) throws(StorageError) { _ = try enter(token) }

  /// False, with nothing changed, if another token has this code.
  func enter(
    _ token: StoredToken, codeDigest: [UInt8]? = nil, attemptDigest: [UInt8]? = nil
  ) throws(StorageError) -> Bool {
    let claims = token.claims
    // Before the row is there: whatever becomes of it, no token is forgotten.
    expiry?.note(claims.expiresAt)
    try database.execute(
      """
      INSERT INTO tokens (jti, kind, session, device, mode, max_devices, issued_at, expires_at, code_digest,
        attempt_digest)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (code_digest) WHERE code_digest IS NOT NULL DO NOTHING
      """,
      .text(claims.jti), .text(claims.kind.rawValue), .optional(claims.session?.text), .optional(claims.device?.text),
      .optional(claims.mode?.rawValue), .integer(token.maxDevices), .integer(claims.issuedAt),
      .integer(claims.expiresAt), codeDigest.map { .blob($0) } ?? .null, attemptDigest.map { .blob($0) } ?? .null)
    return database.changes == 1
  }

  public func issuedAt(of jti: String) throws(StorageError) -> Int64? {
    try database.first("SELECT issued_at FROM tokens WHERE jti = ?", .text(jti)) { row throws(StorageError) in
      try row.integer(0)
    }
  }

  public func standing(of jti: String, device: DeviceID?) throws(StorageError) -> TokenStanding? {
    guard let known else { return try readStanding(of: jti, device: device) }
    let changes = database.totalChanges
    if let standing = known.standing(of: jti, device: device, at: changes) { return standing }
    let standing = try readStanding(of: jti, device: device)
    if let standing { known.remember(standing, of: jti, device: device, at: changes) }
    return standing
  }

  /// Within a transaction nothing else will do: what is read there may be undone.
  func readStanding(of jti: String, device: DeviceID?) throws(StorageError) -> TokenStanding? {
    try database.first(
      """
      SELECT revoked, max_devices - (SELECT count(*) FROM redemptions WHERE pairing_jti = jti),
        EXISTS (SELECT 1 FROM redemptions WHERE pairing_jti = jti AND device = ?2), session, mode
      FROM tokens WHERE jti = ?1
      """, .text(jti), .optional(device?.text)
    ) { row throws(StorageError) in
      TokenStanding(
        isRevoked: try row.boolean(0), session: try row.optional(3) { SessionID($0) },
        mode: try row.optional(4) { SessionMode(rawValue: $0) }, devicesLeft: max(0, try row.int(1)),
        isUsedByDevice: try row.boolean(2))
    }
  }

  public func redeem(_ redemption: Redemption) throws(StorageError) -> RedemptionOutcome {
    try database.transaction { () throws(StorageError) -> RedemptionOutcome in
      guard let standing = try readStanding(of: redemption.pairing, device: redemption.device) else {
        return .refused(.revoked)
      }
      let wanted = redemption.deviceToken.issued(for: standing)
      // A lost answer can be had again although the QR was withdrawn since, and with a later QR of the session: the place
      // is this device's already. Nobody else may take it with a fresh QR.
      if let held = try held(by: wanted) {
        if held.attemptDigest == redemption.attemptDigest { return .granted(held.claims) }
        return .refused(standing.isRevoked ? .revoked : .alreadyUsed)
      }
      guard !standing.isRevoked else { return .refused(.revoked) }
      guard !standing.isUsedByDevice else { return .refused(.alreadyUsed) }
      guard standing.devicesLeft > 0 else { return .refused(.full) }
      _ = try enter(StoredToken(claims: wanted), attemptDigest: redemption.attemptDigest)
      try database.execute(
        "INSERT INTO redemptions (pairing_jti, device, device_jti) VALUES (?, ?, ?)",
        .text(redemption.pairing), .text(redemption.device.text), .text(wanted.jti))
      return .granted(wanted)
    }
  }

  public func forget(session: SessionID, for deletion: DeletionID, at now: Int64) throws(StorageError) -> Int {
    let forgotten = try database.transaction { () throws(StorageError) -> Int in
      try database.execute("DELETE FROM tokens WHERE session = ?", .text(session.text))
      return try database.first(
        """
        INSERT INTO forgotten (deletion, tokens, at) VALUES (?, ?, ?)
        ON CONFLICT (deletion) DO UPDATE SET tokens = tokens + excluded.tokens RETURNING tokens
        """, .text(deletion.text), .integer(database.changes), .integer(now)
      ) { row throws(StorageError) in try row.int(0) } ?? 0
    }
    // So that the session's and the devices' names leave the log as well: a process that was killed before this is asked
    // again.
    try database.checkpoint()
    return forgotten
  }

  public func revoke(jti: String) throws(StorageError) -> Bool {
    // Whoever was signed out must stay so after a power cut.
    try database.transaction(.powerLoss) { () throws(StorageError) -> Bool in
      try database.execute("UPDATE tokens SET revoked = 1 WHERE jti = ? AND revoked = 0", .text(jti))
      return database.changes > 0
    }
  }

  public func confirmCoachKey(digest: String) throws(StorageError) -> Int {
    // As in `revoke`.
    try database.transaction(.powerLoss) { () throws(StorageError) -> Int in
      let known = try database.first("SELECT digest FROM coach_key") { row throws(StorageError) in try row.text(0) }
      guard known != digest else { return 0 }
      try database.execute("DELETE FROM coach_key")
      try database.execute("INSERT INTO coach_key (digest) VALUES (?)", .text(digest))
      guard known != nil else { return 0 }
      try database.execute(
        "UPDATE tokens SET revoked = 1 WHERE kind = ? AND revoked = 0", .text(TokenKind.coach.rawValue))
      return database.changes
    }
  }

  public func purge(expiredBefore: Int64, forgottenBefore: Int64) throws(StorageError) -> Int {
    try database.execute("DELETE FROM forgotten WHERE at < ?", .integer(forgottenBefore))
    guard expiry?.mayPrecede(expiredBefore) ?? true else { return 0 }
    try database.execute("DELETE FROM tokens WHERE expires_at < ?", .integer(expiredBefore))
    let removed = database.changes
    expiry?.found(
      try database.first("SELECT min(expires_at) FROM tokens") { row throws(StorageError) in
        try row.optionalInteger(0)
      } ?? nil)
    return removed
  }

  public func count() throws(StorageError) -> Int {
    try database.first("SELECT count(*) FROM tokens") { row throws(StorageError) in try row.int(0) } ?? 0
  }

  /// The token in force of the device that `wanted` is for, from whichever QR of the session, and the attempt that got
  /// it. One that was shut out holds none.
  private func held(by wanted: TokenClaims) throws(StorageError) -> (claims: TokenClaims, attemptDigest: [UInt8]?)? {
    try database.first(
      """
      SELECT jti, issued_at, expires_at, mode, attempt_digest FROM tokens
      WHERE session = ? AND device = ? AND kind = ? AND revoked = 0 AND expires_at > ? LIMIT 1
      """, .text(wanted.session!.text), .text(wanted.device!.text), .text(TokenKind.device.rawValue),
      .integer(wanted.issuedAt)
    ) { row throws(StorageError) in
      let claims = TokenClaims(
        kind: .device, session: wanted.session, device: wanted.device,
        mode: try row.optional(3) { SessionMode(rawValue: $0) }, issuedAt: try row.integer(1),
        expiresAt: try row.integer(2), jti: try row.text(0))
      return (claims, row.isNull(4) ? nil : try row.blob(4))
    }
  }
}
