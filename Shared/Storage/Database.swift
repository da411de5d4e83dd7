import CSQLite
import Glibc

/// One connection to a SQLite database in WAL mode, with its prepared statements.
///
/// It belongs to the thread that opened it; any other traps. SQL is a `StaticString`: text from outside can only be a
/// bound value.
///
/// A commit survives SIGKILL at once: it has been written to the log, and the kernel keeps what was written. It is
/// forced to the platter only where `Durability.powerLoss` asks for it (`synchronous=FULL`), because a sync stalls the
/// service's only thread for milliseconds on a plain disk. After a power cut the last seconds of `.process` commits
/// may be missing; the database is whole all the same.
public final class Database {
  public enum Durability: Sendable {
    /// Survives the death of the process.
    case process
    /// Survives a power cut, and so does every commit before it.
    case powerLoss
  }

  public enum Access: Sendable {
    /// Other connections may read and write beside this one; every read takes and returns a lock.
    case shared
    /// Nobody else can open the database while this one is open, so nothing needs locking in between.
    case exclusive
  }

  private let handle: OpaquePointer
  private let owner = pthread_self()
  /// By the address of the SQL text: a static string is one place in the program.
  private var statements: [UnsafePointer<UInt8>: Statement] = [:]
  private var isInTransaction = false

  /// Opens or makes the file (mode 0600) and brings its schema up to date.
  ///
  /// - Parameter busyTimeout: how long to wait for another program's lock. Shorter than a request's deadline.
  public init(
    path: String, migrations: [Migration], access: Access = .shared, busyTimeout: Duration = .milliseconds(1500)
  ) throws(StorageError) {
    try Self.make(path)
    _ = Self.preparation
    var handle: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
    let result = sqlite3_open_v2(path, &handle, flags, nil)
    guard result == SQLITE_OK, let handle else {
      let error = StorageError(result: result, database: handle, operation: "open \(Self.name(path))")
      sqlite3_close_v2(handle)
      throw error
    }
    self.handle = handle
    let (seconds, attoseconds) = busyTimeout.components
    sqlite3_busy_timeout(handle, Int32(seconds * 1000 + attoseconds / 1_000_000_000_000_000))
    // Before the log is first touched: only then it needs no index that is shared (sqlite.org/wal.html, section 8).
    if access == .exclusive { try script("PRAGMA locking_mode = EXCLUSIVE") }
    try script("PRAGMA journal_mode = WAL")
    try script("PRAGMA synchronous = NORMAL")
    try script("PRAGMA foreign_keys = ON")
    try script("PRAGMA trusted_schema = OFF")
    // Deleted labels and names are overwritten, not only unlinked.
    try script("PRAGMA secure_delete = ON")
    guard try query("PRAGMA journal_mode", read: { row throws(StorageError) in try row.text(0) }) == ["wal"] else {
      throw StorageError(
        .notWritable, operation: "PRAGMA journal_mode", cause: "the file system allows no write-ahead log")
    }
    try migrate(migrations)
  }

  deinit {
    statements.removeAll()
    sqlite3_close_v2(handle)
  }

  /// Runs a statement that returns no rows.
  public func execute(_ sql: StaticString, _ values: SQLValue...) throws(StorageError) {
    try run(sql, values) { _ throws(StorageError) in }
  }

  /// How many rows the last INSERT, UPDATE or DELETE changed.
  public var changes: Int {
    assertOwner()
    return Int(sqlite3_changes64(handle))
  }

  /// How many rows this connection has changed since it was opened, what was undone later and foreign keys' actions
  /// included (sqlite3_total_changes64): where it stands still, nothing was written.
  public var totalChanges: Int64 {
    assertOwner()
    return sqlite3_total_changes64(handle)
  }

  /// All rows, each read by `read`.
  public func query<Value>(
    _ sql: StaticString, _ values: SQLValue..., read: (Row) throws(StorageError) -> Value
  ) throws(StorageError) -> [Value] {
    var all: [Value] = []
    try run(sql, values) { row throws(StorageError) in all.append(try read(row)) }
    return all
  }

  /// The first row, or nil where there is none.
  public func first<Value>(
    _ sql: StaticString, _ values: SQLValue..., read: (Row) throws(StorageError) -> Value
  ) throws(StorageError) -> Value? {
    var first: Value?
    try run(sql, values, limit: 1) { row throws(StorageError) in first = try read(row) }
    return first
  }

  /// One transaction that holds the write lock from its start (BEGIN IMMEDIATE), so that what `body` reads is still
  /// true when it writes. An error thrown by `body` undoes it all; a refusal without changes is a returned value.
  public func transaction<Value>(
    _ durability: Durability = .process, _ body: () throws(StorageError) -> Value
  ) throws(StorageError) -> Value {
    precondition(!isInTransaction, "transactions do not nest")
    if durability == .powerLoss { try script("PRAGMA synchronous = FULL") }
    defer { if durability == .powerLoss { try? script("PRAGMA synchronous = NORMAL") } }
    try execute("BEGIN IMMEDIATE")
    isInTransaction = true
    defer { isInTransaction = false }
    do throws(StorageError) {
      let value = try body()
      try execute("COMMIT")
      return value
    } catch {
      // SQLite may have rolled back by itself (a full disk); then there is nothing left to undo.
      if sqlite3_get_autocommit(handle) == 0 { try? execute("ROLLBACK") }
      throw error
    }
  }

  /// Moves the log into the database file and empties it, so that overwritten rows leave the log too.
  public func checkpoint() throws(StorageError) {
    assertOwner()
    let result = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
    // A reader elsewhere only puts it off.
    guard result == SQLITE_OK || result & 0xFF == SQLITE_BUSY else {
      throw StorageError(result: result, database: handle, operation: "checkpoint")
    }
  }

  /// Runs several statements at once, without values.
  func script(_ sql: StaticString) throws(StorageError) {
    assertOwner()
    let result = sql.utf8Start.withMemoryRebound(to: CChar.self, capacity: sql.utf8CodeUnitCount + 1) {
      sqlite3_exec(handle, $0, nil, nil, nil)
    }
    guard result == SQLITE_OK else { throw StorageError(result: result, database: handle, operation: "\(sql)") }
  }

  /// A pragma takes no bound value.
  func setSchemaVersion(_ version: Int) throws(StorageError) {
    assertOwner()
    let result = sqlite3_exec(handle, "PRAGMA user_version = \(version)", nil, nil, nil)
    guard result == SQLITE_OK else { throw StorageError(result: result, database: handle, operation: "user_version") }
  }

  /// Not generic: where the compiler cannot specialise, each array of rows asks the runtime for its type many times.
  private func run(
    _ sql: StaticString, _ values: [SQLValue], limit: Int = .max, _ each: (Row) throws(StorageError) -> Void
  ) throws(StorageError) {
    assertOwner()
    let statement = try prepared(sql)
    defer { statement.finish() }
    try statement.start(values)
    var count = 0
    while count < limit, try statement.step() {
      count += 1
      try each(statement.row)
    }
  }

  private func prepared(_ sql: StaticString) throws(StorageError) -> Statement {
    if let known = statements[sql.utf8Start] { return known }
    let statement = try Statement(sql, in: handle)
    statements[sql.utf8Start] = statement
    return statement
  }

  private func assertOwner() {
    precondition(pthread_equal(owner, pthread_self()) != 0, "a Database belongs to the thread that opened it")
  }

  /// Once in a process. Where it comes too late, SQLite refuses it, and all that is lost is time.
  private static let preparation = axolotl_sqlite_count_no_memory()

  /// SQLite would make the file readable for all that the umask lets through.
  private static func make(_ path: String) throws(StorageError) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw StorageError(.notWritable, operation: "open \(name(path))", cause: String(cString: strerror(errno)))
    }
    close(descriptor)
  }

  private static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}
