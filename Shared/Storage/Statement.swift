import CSQLite

/// One prepared statement. Owned and reused by its `Database`, which steps it.
final class Statement {
  private let handle: OpaquePointer
  private let database: OpaquePointer
  let sql: StaticString
  private(set) var isRunning = false

  init(_ sql: StaticString, in database: OpaquePointer) throws(StorageError) {
    var handle: OpaquePointer?
    var tail: UnsafePointer<CChar>?
    let result = sql.utf8Start.withMemoryRebound(to: CChar.self, capacity: sql.utf8CodeUnitCount) { text in
      sqlite3_prepare_v3(
        database, text, Int32(sql.utf8CodeUnitCount), UInt32(SQLITE_PREPARE_PERSISTENT), &handle, &tail)
    }
    guard result == SQLITE_OK, let handle else {
      sqlite3_finalize(handle)
      throw StorageError(result: result, database: database, operation: "prepare: \(sql)")
    }
    self.handle = handle
    self.database = database
    self.sql = sql
  }

  deinit { sqlite3_finalize(handle) }

  func start(_ values: [SQLValue]) throws(StorageError) {
    precondition(!isRunning, "a statement cannot run inside itself")
    precondition(
      values.count == Int(sqlite3_bind_parameter_count(handle)), "\(sql) was given \(values.count) values")
    for (offset, value) in values.enumerated() {
      let result = bind(value, at: Int32(offset + 1))
      guard result == SQLITE_OK else { throw failure(result) }
    }
    isRunning = true
  }

  /// Whether there is a row to read.
  func step() throws(StorageError) -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let result: throw failure(result)
    }
  }

  /// Ends the run and forgets the bound values: they may be personal.
  func finish() {
    sqlite3_reset(handle)
    sqlite3_clear_bindings(handle)
    isRunning = false
  }

  var row: Row { Row(statement: handle, sql: sql) }

  private func failure(_ result: Int32) -> StorageError {
    StorageError(result: result, database: database, operation: "\(sql)")
  }

  private func bind(_ value: SQLValue, at index: Int32) -> Int32 {
    // SQLITE_TRANSIENT: SQLite copies the bytes before the call returns.
    let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    switch value {
    case .integer(let integer): return sqlite3_bind_int64(handle, index, integer)
    case .real(let real): return sqlite3_bind_double(handle, index, real)
    case .null: return sqlite3_bind_null(handle, index)
    case .text(var text):
      return text.withUTF8 { utf8 in
        utf8.withMemoryRebound(to: CChar.self) {
          sqlite3_bind_text(handle, index, $0.baseAddress, Int32($0.count), copied)
        }
      }
    case .blob(let bytes):
      // A null pointer would bind NULL instead of an empty blob.
      guard !bytes.isEmpty else { return sqlite3_bind_zeroblob(handle, index, 0) }
      return bytes.withUnsafeBytes { sqlite3_bind_blob(handle, index, $0.baseAddress, Int32($0.count), copied) }
    }
  }
}
