import Glibc
import Storage
import TestFolders
import Testing

private let schema = [Migration("CREATE TABLE counts (n INTEGER PRIMARY KEY) STRICT")]

private func count(_ database: Database) throws -> Int {
  try database.first("SELECT count(*) FROM counts") { row throws(StorageError) in try row.int(0) } ?? -1
}

private func insert(_ n: Int, into database: Database) throws {
  try database.transaction { () throws(StorageError) in
    try database.execute("INSERT INTO counts (n) VALUES (?)", .integer(n))
  }
}

@Suite struct CrashTests {
  let folder = TemporaryFolder()

  /// What SIGKILL leaves: the files as they are, no clean closing.
  @Test func everyCommitIsInTheFilesAtOnce() throws {
    let database = try Database(path: folder.file("live.db"), migrations: schema)
    for n in 1...300 {
      try insert(n, into: database)
      guard n % 37 == 0 else { continue }
      folder.copy("live.db", to: "dead\(n).db")
      folder.copy("live.db-wal", to: "dead\(n).db-wal")
      let recovered = try Database(path: folder.file("dead\(n).db"), migrations: schema)
      #expect(try count(recovered) == n)
    }
  }

  /// A log that ends in the middle of a commit: that commit is gone, whole, and nothing else is.
  @Test func aTornLogLosesOnlyTheTornCommit() throws {
    let database = try Database(path: folder.file("live.db"), migrations: schema)
    try database.checkpoint()
    for n in 1...3 { try insert(n, into: database) }
    folder.copy("live.db", to: "dead.db")
    folder.copy("live.db-wal", to: "dead.db-wal")
    var status = stat()
    #expect(stat(folder.file("dead.db-wal"), &status) == 0)
    #expect(truncate(folder.file("dead.db-wal"), status.st_size - 100) == 0)
    let recovered = try Database(path: folder.file("dead.db"), migrations: schema)
    #expect(try count(recovered) == 2)
    try insert(3, into: recovered)
    #expect(try count(recovered) == 3)
  }

  /// A transaction that was open when the process died never happened.
  @Test func anOpenTransactionIsNotInTheCopy() throws {
    let database = try Database(path: folder.file("live.db"), migrations: schema)
    try insert(1, into: database)
    try database.transaction { () throws(StorageError) in
      try database.execute("INSERT INTO counts (n) VALUES (?)", .integer(2))
      folder.copy("live.db", to: "dead.db")
      folder.copy("live.db-wal", to: "dead.db-wal")
    }
    #expect(try count(database) == 2)
    #expect(try count(Database(path: folder.file("dead.db"), migrations: schema)) == 1)
  }

  /// A second connection waits for the lock, and says so when it does not come.
  @Test func aHeldLockIsATypedErrorAfterTheTimeout() throws {
    let first = try Database(path: folder.file("live.db"), migrations: schema)
    let second = try Database(
      path: folder.file("live.db"), migrations: schema, busyTimeout: .milliseconds(10))
    try first.transaction { () throws(StorageError) in
      try first.execute("INSERT INTO counts (n) VALUES (?)", .integer(1))
      let error = #expect(throws: StorageError.self) { try insert(2, into: second) }
      #expect(error?.code == .busy)
    }
    try insert(2, into: second)
    #expect(try count(first) == 2)
  }

  @Test func aCheckpointEmptiesTheLog() throws {
    let database = try Database(path: folder.file("live.db"), migrations: schema)
    try insert(1, into: database)
    try database.checkpoint()
    var status = stat()
    #expect(stat(folder.file("live.db-wal"), &status) == 0)
    #expect(status.st_size == 0)
    #expect(try count(database) == 1)
  }
}
