import Storage

/// The steps of the schema as they were released, and rows as each version wrote them. Not taken from the source: a step
/// that has been taken somewhere may never change.
enum OldSchemas {
  static let steps = [
    Migration(
      """
      CREATE TABLE sessions (
        id TEXT PRIMARY KEY,
        mode TEXT NOT NULL,
        user_id TEXT NOT NULL,
        expected_devices INTEGER NOT NULL,
        anchor_session_time INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        consent_by TEXT NOT NULL,
        consent_at INTEGER NOT NULL,
        consent_text TEXT NOT NULL,
        ended_at INTEGER
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX sessions_by_age ON sessions (created_at);
      CREATE TABLE devices (
        session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        device TEXT NOT NULL,
        label TEXT,
        browser TEXT,
        platform TEXT,
        width INTEGER,
        height INTEGER,
        fps REAL,
        instance INTEGER NOT NULL,
        registered_at INTEGER NOT NULL,
        has_connected INTEGER NOT NULL,
        is_removed INTEGER NOT NULL,
        PRIMARY KEY (session, device)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE deletions (
        session TEXT PRIMARY KEY,
        requested_at INTEGER NOT NULL,
        devices INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE deletion_parts (
        session TEXT NOT NULL REFERENCES deletions (session) ON DELETE CASCADE,
        part TEXT NOT NULL,
        items INTEGER NOT NULL DEFAULT 0,
        bytes INTEGER NOT NULL DEFAULT 0,
        is_done INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (session, part)
      ) STRICT, WITHOUT ROWID;
      """),
    Migration(
      """
      ALTER TABLE devices ADD COLUMN grant_jti TEXT;
      ALTER TABLE devices ADD COLUMN given_label TEXT;
      ALTER TABLE devices ADD COLUMN awaits_revocation INTEGER NOT NULL DEFAULT 0;
      CREATE INDEX devices_awaiting_revocation ON devices (session) WHERE awaits_revocation;
      """),
    Migration("ALTER TABLE devices ADD COLUMN model TEXT;"),
    Migration(
      """
      ALTER TABLE deletions ADD COLUMN id TEXT NOT NULL DEFAULT '';
      UPDATE deletions SET id = lower(hex(randomblob(16)));
      """),
    Migration("ALTER TABLE sessions ADD COLUMN attempt TEXT;"),
    Migration("ALTER TABLE devices ADD COLUMN grant_expires_at INTEGER;"),
  ]

  /// The newest version that is an old one.
  static let last = steps.count - 1

  /// Makes a database as the first `version` steps left it, with rows in every table.
  static func make(_ path: String, version: Int) throws {
    let old = try Database(path: path, migrations: Array(steps.prefix(version)))
    try old.execute(
      """
      INSERT INTO sessions (id, mode, user_id, expected_devices, anchor_session_time, created_at, consent_by,
        consent_at, consent_text, ended_at)
      VALUES ('take-runs', '3d', 'Kim', 3, 70, 2000, 'Kim', 2000, '2026-11-25/7d', NULL),
        ('take-ended', 'single', 'Robin', 1, 60, 1000, 'Robin', 1000, '', 1500)
      """)
    try old.execute(
      """
      INSERT INTO devices (session, device, label, browser, platform, width, height, fps, instance, registered_at,
        has_connected, is_removed)
      VALUES ('take-runs', 'phone-1', 'left', 'Safari', 'iOS', 720, 1280, 29.97, 1, 2100, 1, 0),
        ('take-runs', 'phone-2', NULL, NULL, NULL, NULL, NULL, NULL, 2, 2200, 0, 1)
      """)
    if version >= 2 {
      try old.execute(
        "UPDATE devices SET grant_jti = 'grant-1', given_label = 'left of the mat' WHERE device = 'phone-1'")
      try old.execute("UPDATE devices SET grant_jti = 'grant-2', awaits_revocation = 1 WHERE device = 'phone-2'")
    }
    if version >= 3 { try old.execute("UPDATE devices SET model = 'iPhone' WHERE device = 'phone-1'") }
    try old.execute(
      "INSERT INTO deletions (session, requested_at, devices) VALUES ('take-gone', 500, 2), ('take-goes', 600, 1)")
    try old.execute(
      """
      INSERT INTO deletion_parts (session, part, items, bytes, is_done)
      VALUES ('take-gone', 'token-svc', 3, 0, 1), ('take-gone', 'stream-svc@1', 2, 4000, 1),
        ('take-goes', 'edge-gateway', 0, 0, 0)
      """)
    if version >= 4 { try old.execute("UPDATE deletions SET id = lower(hex(randomblob(16)))") }
  }
}
