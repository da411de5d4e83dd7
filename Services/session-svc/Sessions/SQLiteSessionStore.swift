import Messages
import Storage
import Timing

/// `SessionStore` in one SQLite file: sessions here, devices and deletions in extensions.
public struct SQLiteSessionStore: SessionStore {
  let database: Database

  public init(path: String) throws(StorageError) {
    database = try Database(path: path, migrations: SessionSchema.migrations)
  }

  public func transaction<Value>(
    _ durability: Database.Durability, _ body: () throws(StorageError) -> Value
  ) throws(StorageError) -> Value {
    try database.transaction(durability, body)
  }

  public func insert(_ session: SessionRecord, attempt: String?) throws(StorageError) {
    try database.execute(
      """
      INSERT INTO sessions (id, mode, user_id, expected_devices, anchor_session_time, created_at, consent_by,
        consent_at, consent_text, ended_at, attempt)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      .text(session.id.text), .text(session.mode.rawValue), .text(session.userID), .integer(session.expectedDevices),
      .integer(session.anchor.sessionTime.microseconds), .integer(session.anchor.utcMicroseconds),
      .text(session.consent.givenBy), .integer(session.consent.givenAt),
      // The column takes no NULL, and no version is empty.
      .text(session.consent.textVersion ?? ""),
      .optional(session.endedAt), .optional(attempt))
  }

  public func session(madeBy attempt: String) throws(StorageError) -> SessionID? {
    try database.first("SELECT id FROM sessions WHERE attempt = ?", .text(attempt)) { row throws(StorageError) in
      try row.value(0) { SessionID($0) }
    }
  }

  public func session(_ id: SessionID) throws(StorageError) -> SessionRecord? {
    try database.first(
      """
      SELECT id, mode, user_id, expected_devices, anchor_session_time, created_at, consent_by, consent_at,
        consent_text, ended_at
      FROM sessions WHERE id = ?
      """, .text(id.text), read: Self.readSession)
  }

  public func sessions(limit: Int, after: SessionID?) throws(StorageError) -> [SessionRecord] {
    try database.query(
      """
      SELECT id, mode, user_id, expected_devices, anchor_session_time, created_at, consent_by, consent_at,
        consent_text, ended_at
      FROM sessions
      WHERE ?1 IS NULL OR created_at < (SELECT created_at FROM sessions WHERE id = ?1)
        OR (created_at = (SELECT created_at FROM sessions WHERE id = ?1) AND id > ?1)
      ORDER BY created_at DESC, id LIMIT ?2
      """, .optional(after?.text), .integer(limit), read: Self.readSession)
  }

  public func setExpectedDevices(_ count: Int, of id: SessionID) throws(StorageError) {
    try database.execute(
      "UPDATE sessions SET expected_devices = ? WHERE id = ?", .integer(count), .text(id.text))
  }

  public func remove(_ id: SessionID) throws(StorageError) {
    try database.execute("DELETE FROM sessions WHERE id = ?", .text(id.text))
  }

  public func end(_ id: SessionID, at utcMicroseconds: Int64) throws(StorageError) {
    try database.execute(
      "UPDATE sessions SET ended_at = ? WHERE id = ? AND ended_at IS NULL", .integer(utcMicroseconds), .text(id.text))
  }

  public func sessions(untouchedSince utcMicroseconds: Int64) throws(StorageError) -> [SessionID] {
    try database.query(
      """
      SELECT id FROM sessions s
      WHERE created_at < ?1 AND ifnull(ended_at, 0) < ?1
        AND NOT EXISTS (SELECT 1 FROM devices WHERE session = s.id AND registered_at >= ?1)
      ORDER BY created_at
      """, .integer(utcMicroseconds)
    ) { row throws(StorageError) in try row.value(0) { SessionID($0) } }
  }

  public func scrub() throws(StorageError) { try database.checkpoint() }

  private static func readSession(_ row: Row) throws(StorageError) -> SessionRecord {
    let createdAt = try row.integer(5)
    let consentText = try row.text(8)
    return SessionRecord(
      id: try row.value(0) { SessionID($0) }, mode: try row.value(1) { SessionMode(rawValue: $0) },
      userID: try row.text(2), expectedDevices: try row.int(3),
      anchor: UTCAnchor(
        sessionTime: SessionTime(microseconds: try row.integer(4)), utcMicroseconds: createdAt),
      consent: ConsentRecord(
        givenBy: try row.text(6), givenAt: try row.integer(7), textVersion: consentText.isEmpty ? nil : consentText),
      endedAt: try row.optionalInteger(9))
  }
}
