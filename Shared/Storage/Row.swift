import CSQLite

/// The current row of a running query: valid only inside the closure that receives it. Columns count from 0.
public struct Row {
  let statement: OpaquePointer
  let sql: StaticString

  public func integer(_ column: Int32) throws(StorageError) -> Int64 {
    try require(column, SQLITE_INTEGER)
    return sqlite3_column_int64(statement, column)
  }

  public func int(_ column: Int32) throws(StorageError) -> Int { Int(try integer(column)) }

  public func boolean(_ column: Int32) throws(StorageError) -> Bool { try integer(column) != 0 }

  public func real(_ column: Int32) throws(StorageError) -> Double {
    try require(column, SQLITE_FLOAT)
    return sqlite3_column_double(statement, column)
  }

  public func text(_ column: Int32) throws(StorageError) -> String {
    try require(column, SQLITE_TEXT)
    let count = Int(sqlite3_column_bytes(statement, column))
    guard let start = sqlite3_column_text(statement, column) else { throw unexpected(column, "no memory") }
    // SQLite ends it with a zero; one inside is rare. `String(validating:as:)` is generic and costs a microsecond.
    let quick = start.withMemoryRebound(to: CChar.self, capacity: count + 1) { String(validatingCString: $0) }
    if let quick, quick.utf8.count == count { return quick }
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    guard let text = String(validating: bytes, as: UTF8.self) else { throw unexpected(column, "text is not UTF-8") }
    return text
  }

  public func blob(_ column: Int32) throws(StorageError) -> [UInt8] {
    try require(column, SQLITE_BLOB)
    let count = Int(sqlite3_column_bytes(statement, column))
    return Array(UnsafeRawBufferPointer(start: sqlite3_column_blob(statement, column), count: count))
  }

  public func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }

  public func optionalInteger(_ column: Int32) throws(StorageError) -> Int64? {
    isNull(column) ? nil : try integer(column)
  }

  public func optionalText(_ column: Int32) throws(StorageError) -> String? {
    isNull(column) ? nil : try text(column)
  }

  /// Reads a column as a type that not every text is: an identifier, a case of an enumeration.
  ///
  /// Inlinable, as a generic function is slow where it is not compiled for the type it is used with.
  @inlinable
  public func value<Value>(_ column: Int32, _ make: (String) -> Value?) throws(StorageError) -> Value {
    guard let value = make(try text(column)) else { throw unexpected(column, "the text is no \(Value.self)") }
    return value
  }

  /// As `value`, or nil for NULL.
  @inlinable
  public func optional<Value>(_ column: Int32, _ make: (String) -> Value?) throws(StorageError) -> Value? {
    isNull(column) ? nil : try value(column, make)
  }

  private func require(_ column: Int32, _ type: Int32) throws(StorageError) {
    let found = sqlite3_column_type(statement, column)
    guard found == type else { throw unexpected(column, "type \(found) where \(type) was expected") }
  }

  @usableFromInline
  func unexpected(_ column: Int32, _ cause: String) -> StorageError {
    StorageError(.unexpectedValue, operation: "\(sql), column \(column)", cause: cause)
  }
}
