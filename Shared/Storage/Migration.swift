/// One step of a schema's history. Steps are only ever appended: `PRAGMA user_version` counts those that were taken.
public struct Migration: Sendable {
  public let script: StaticString
  public init(_ script: StaticString) { self.script = script }
}

extension Database {
  func migrate(_ migrations: [Migration]) throws(StorageError) {
    let version = try schemaVersion()
    guard version <= migrations.count else {
      throw StorageError(
        .newerSchema, operation: "migrate", cause: "schema \(version) found, \(migrations.count) known")
    }
    guard version < migrations.count else { return }
    try transaction(.powerLoss) { () throws(StorageError) in
      // Another process may have been first while this one waited for the lock.
      for migration in migrations.dropFirst(try schemaVersion()) { try script(migration.script) }
      try setSchemaVersion(migrations.count)
    }
  }

  func schemaVersion() throws(StorageError) -> Int {
    try first("PRAGMA user_version") { row throws(StorageError) in try row.int(0) } ?? 0
  }
}
