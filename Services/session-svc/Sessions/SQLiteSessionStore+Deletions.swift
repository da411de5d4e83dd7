import Messages
import Storage

extension SQLiteSessionStore {
  public func beginDeletion(
    _ session: SessionID, as id: DeletionID, parts: [DeletionPart], at utcMicroseconds: Int64
  ) throws(StorageError) -> DeletionRecord? {
    // The promise to delete must outlive even a power cut.
    try database.transaction(.powerLoss) { () throws(StorageError) -> DeletionRecord? in
      let devices = try devices(of: session).count
      try database.execute("DELETE FROM sessions WHERE id = ?", .text(session.text))
      guard database.changes == 1 else { return nil }
      try database.execute(
        "INSERT INTO deletions (session, id, requested_at, devices) VALUES (?, ?, ?, ?)", .text(session.text),
        .text(id.text), .integer(utcMicroseconds), .integer(devices))
      for part in parts {
        try database.execute(
          "INSERT INTO deletion_parts (session, part) VALUES (?, ?)", .text(session.text), .text(part.name))
      }
      let untouched = Dictionary(uniqueKeysWithValues: parts.map { ($0, DeletionResult()) })
      return DeletionRecord(session: session, id: id, devices: devices, parts: untouched)
    }
  }

  public func deletion(of session: SessionID) throws(StorageError) -> DeletionRecord? {
    guard
      let (id, devices) = try database.first(
        "SELECT id, devices FROM deletions WHERE session = ?", .text(session.text),
        read: { row throws(StorageError) in (try row.value(0) { DeletionID($0) }, try row.int(1)) })
    else { return nil }
    let parts = try database.query(
      "SELECT part, items, bytes, is_done FROM deletion_parts WHERE session = ?", .text(session.text)
    ) { row throws(StorageError) in
      (
        try row.value(0) { DeletionPart(name: $0) },
        DeletionResult(items: try row.int(1), bytes: try row.int(2), isDone: try row.boolean(3))
      )
    }
    return DeletionRecord(
      session: session, id: id, devices: devices, parts: Dictionary(uniqueKeysWithValues: parts))
  }

  public func unfinishedDeletions() throws(StorageError) -> [DeletionRecord] {
    let sessions = try database.query(
      "SELECT DISTINCT session FROM deletion_parts WHERE is_done = 0 ORDER BY session"
    ) { row throws(StorageError) in try row.value(0) { SessionID($0) } }
    var records: [DeletionRecord] = []
    for session in sessions { if let record = try deletion(of: session) { records.append(record) } }
    return records
  }

  public func record(
    _ result: DeletionResult, of part: DeletionPart, in session: SessionID
  ) throws(StorageError) {
    try database.execute(
      "UPDATE deletion_parts SET items = ?, bytes = ?, is_done = ? WHERE session = ? AND part = ?",
      .integer(result.items), .integer(result.bytes), .boolean(result.isDone), .text(session.text), .text(part.name))
  }

  public func forgetDeletions(before utcMicroseconds: Int64) throws(StorageError) {
    try database.execute(
      """
      DELETE FROM deletions WHERE requested_at < ?
        AND NOT EXISTS (SELECT 1 FROM deletion_parts p WHERE p.session = deletions.session AND is_done = 0)
      """, .integer(utcMicroseconds))
  }

  public func forgetDeletion(of session: SessionID) throws(StorageError) -> Bool {
    try database.execute(
      """
      DELETE FROM deletions WHERE session = ?1
        AND NOT EXISTS (SELECT 1 FROM deletion_parts WHERE session = ?1 AND is_done = 0)
      """, .text(session.text))
    return try deletion(of: session) == nil
  }
}
