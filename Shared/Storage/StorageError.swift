import CSQLite

/// The store refused or failed. Says what to do next; never holds a stored value.
public struct StorageError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    case busy = "storage_busy"
    case full = "storage_full"
    case corrupt = "storage_corrupt"
    case notWritable = "storage_not_writable"
    case constraint = "storage_constraint"
    case newerSchema = "storage_newer_schema"
    case unexpectedValue = "storage_unexpected_value"
    case failed = "storage_failed"
  }

  public let code: Code
  /// SQLite's extended result code, 0 where SQLite is not to blame.
  public let sqliteCode: Int32
  /// What was being done: the name of the step or the statement's text, without values.
  public let operation: String
  /// SQLite's own words.
  public let cause: String

  init(_ code: Code, sqliteCode: Int32 = 0, operation: String, cause: String) {
    self.code = code
    self.sqliteCode = sqliteCode
    self.operation = operation
    self.cause = cause
  }

  /// The one place that turns a result code into an error.
  init(result: Int32, database: OpaquePointer?, operation: String) {
    let extended = database.map { sqlite3_extended_errcode($0) } ?? result
    self.init(
      Code(primaryResult: result & 0xFF), sqliteCode: extended, operation: operation,
      cause: String(cString: database.map { sqlite3_errmsg($0) } ?? sqlite3_errstr(result)))
  }

  public var remedy: String {
    switch code {
    case .busy: "Another program holds the database; close it and try again."
    case .full: "Free space on the disk that holds the state directory."
    case .corrupt: "Stop the service, restore the database from a backup or move it away, and start again."
    case .notWritable: "Check that the service's user owns the state directory and may write there."
    case .constraint: "The change contradicts what is stored; this is a fault of the program."
    case .newerSchema:
      "The database was written by a newer version of Axolotl: install that one again, or restore a backup of this one's "
        + "(Deploy/README.md, \"Backup and going back\")."
    case .unexpectedValue: "The database was changed from outside; restore it from a backup."
    case .failed: "See the cause."
    }
  }

  public var description: String { "\(code.rawValue) (\(sqliteCode)) in \(operation): \(cause). \(remedy)" }
}

extension StorageError.Code {
  fileprivate init(primaryResult: Int32) {
    self =
      switch primaryResult {
      case SQLITE_BUSY, SQLITE_LOCKED: .busy
      case SQLITE_FULL: .full
      case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt
      case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH: .notWritable
      case SQLITE_CONSTRAINT: .constraint
      default: .failed
      }
  }
}
