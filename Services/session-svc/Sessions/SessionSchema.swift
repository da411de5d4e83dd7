import Storage

/// The tables of session-svc. Times are microseconds since the Unix epoch.
enum SessionSchema {
  static let migrations = [
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
}
