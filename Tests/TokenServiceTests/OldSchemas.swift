import Storage

/// The steps of the schema as they were released, and rows as each version wrote them. Not taken from the source: a step
/// that has been taken somewhere may never change.
enum OldSchemas {
  static let steps = [
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
    Migration(
      """
      ALTER TABLE tokens ADD COLUMN attempt_digest BLOB;
      UPDATE tokens SET attempt_digest = r.attempt_digest FROM redemptions AS r WHERE r.device_jti = jti;
      ALTER TABLE redemptions DROP COLUMN attempt_digest;
      """),
    Migration("DROP INDEX tokens_by_expiry;"),
  ]

  /// The newest version that is an old one.
  static let last = steps.count - 1
  static let codeDigest = [UInt8](repeating: 7, count: 32)
  static let attemptDigest = [UInt8](repeating: 8, count: 32)

  /// Makes a database as the first `version` steps left it: a QR for three, which phone-1 has used, a coach who is signed
  /// in and one who has signed out.
  static func make(_ path: String, version: Int) throws {
    let old = try Database(path: path, migrations: Array(steps.prefix(version)))
    try old.execute(
      """
      INSERT INTO tokens (jti, kind, session, device, mode, max_devices, issued_at, expires_at, revoked)
      VALUES ('a-pairing-token-0', 'axolotl-pairing+jwt', ?1, NULL, '3d', 3, 1, 1000, 0),
        ('a-device-token-00', 'axolotl-device+jwt', ?1, ?2, '3d', 0, 2, 5000, 0),
        ('a-coach-s-token-0', 'axolotl-coach+jwt', NULL, NULL, NULL, 0, 3, 9000, 0),
        ('a-coach-s-token-1', 'axolotl-coach+jwt', NULL, NULL, NULL, 0, 3, 9000, 1)
      """, .text(session.text), .text(device(1).text))
    if version >= 6 {
      try old.execute(
        "INSERT INTO redemptions (pairing_jti, device, device_jti) VALUES ('a-pairing-token-0', ?, 'a-device-token-00')",
        .text(device(1).text))
      try old.execute("UPDATE tokens SET attempt_digest = ? WHERE jti = 'a-device-token-00'", .blob(attemptDigest))
    } else {
      try old.execute(
        """
        INSERT INTO redemptions (pairing_jti, device, attempt_digest, device_jti)
        VALUES ('a-pairing-token-0', ?, ?, 'a-device-token-00')
        """, .text(device(1).text), .blob(attemptDigest))
    }
    if version == 2 {
      try old.execute(
        "INSERT INTO pairing_codes (digest, pairing_jti) VALUES (?, 'a-pairing-token-0')", .blob(codeDigest))
    } else if version > 2 {
      try old.execute(
        "UPDATE tokens SET code_digest = ? WHERE jti = 'a-pairing-token-0'", .blob(codeDigest))
    }
    if version >= 4 { try old.execute("INSERT INTO coach_key (digest) VALUES ('of-the-key')") }
    if version >= 5 {
      try old.execute("INSERT INTO forgotten (deletion, tokens, at) VALUES (?, 5, 4)", .text(deletion.text))
    }
  }
}
