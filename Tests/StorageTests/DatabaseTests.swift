import Glibc
import Storage
import TestFolders
import Testing

private let schema = [
  Migration("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, weight REAL, raw BLOB) STRICT")
]

private func texts(_ database: Database) throws -> [String] {
  try database.query("SELECT text FROM notes ORDER BY id") { row throws(StorageError) in try row.text(0) }
}

@Suite struct DatabaseTests {
  let folder = TemporaryFolder()

  @Test func everyTypeComesBackAsItWent() throws {
    let database = try Database(path: folder.file("a.db"), migrations: schema)
    try database.execute(
      "INSERT INTO notes (text, weight, raw) VALUES (?, ?, ?)", .text("naïve\u{0}☃"), .real(0.1), .blob([0, 255]))
    try database.execute("INSERT INTO notes (text, weight, raw) VALUES (?, ?, ?)", .text(""), .null, .blob([]))
    #expect(database.changes == 1)
    let rows = try database.query("SELECT id, text, weight, raw FROM notes ORDER BY id") { row throws(StorageError) in
      (try row.int(0), try row.text(1), row.isNull(2) ? nil : try row.real(2), try row.blob(3))
    }
    #expect(rows[0].1 == "naïve\u{0}☃" && rows[0].2 == 0.1 && rows[0].3 == [0, 255])
    #expect(rows[1].0 == 2 && rows[1].1 == "" && rows[1].2 == nil && rows[1].3 == [])
  }

  @Test func anExclusiveDatabaseIsNobodyElsesUntilItIsClosed() throws {
    let path = folder.file("a.db")
    var mine: Database? = try Database(path: path, migrations: schema, access: .exclusive)
    try mine?.execute("INSERT INTO notes (text) VALUES (?)", .text("x"))
    for access in [Database.Access.shared, .exclusive] {
      let error = #expect(throws: StorageError.self) {
        _ = try Database(path: path, migrations: schema, access: access, busyTimeout: .milliseconds(10))
      }
      #expect(error?.code == .busy)
    }
    mine = nil
    #expect(try texts(try Database(path: path, migrations: schema)) == ["x"])
  }

  @Test func aColumnOfAnotherTypeIsATypedError() throws {
    let database = try Database(path: folder.file("a.db"), migrations: schema)
    try database.execute("INSERT INTO notes (text) VALUES (?)", .text("x"))
    let error = #expect(throws: StorageError.self) {
      _ = try database.first("SELECT text FROM notes") { row throws(StorageError) in try row.integer(0) }
    }
    #expect(error?.code == .unexpectedValue)
  }

  @Test func aBrokenRuleNamesItselfAndNotTheValue() throws {
    let database = try Database(path: folder.file("a.db"), migrations: schema)
    try database.execute("INSERT INTO notes (text) VALUES (?)", .text("planted-label"))
    let error = try #require(
      #expect(throws: StorageError.self) {
        try database.execute("INSERT INTO notes (text) VALUES (?)", .text("planted-label"))
      })
    #expect(error.code == .constraint)
    #expect(!error.description.contains("planted-label"))
    // The connection and the statement go on working.
    try database.execute("INSERT INTO notes (text) VALUES (?)", .text("other"))
    #expect(try texts(database) == ["planted-label", "other"])
  }

  @Test func anErrorUndoesTheWholeTransaction() throws {
    let database = try Database(path: folder.file("a.db"), migrations: schema)
    #expect(throws: StorageError.self) {
      try database.transaction { () throws(StorageError) in
        try database.execute("INSERT INTO notes (text) VALUES (?)", .text("x"))
        try database.execute("INSERT INTO notes (text) VALUES (?)", .text("x"))
      }
    }
    #expect(try texts(database).isEmpty)
    try database.transaction(.powerLoss) { () throws(StorageError) in
      try database.execute("INSERT INTO notes (text) VALUES (?)", .text("y"))
    }
    #expect(try texts(database) == ["y"])
  }

  @Test func filesAreForTheirOwnerAlone() throws {
    let database = try Database(path: folder.file("a.db"), migrations: schema)
    try database.execute("INSERT INTO notes (text) VALUES (?)", .text("x"))
    for name in ["a.db", "a.db-wal", "a.db-shm"] {
      var status = stat()
      #expect(stat(folder.file(name), &status) == 0)
      #expect(status.st_mode & 0o777 == 0o600, "\(name)")
    }
    withExtendedLifetime(database) {}
  }

  @Test func aFolderThatIsNotThereSaysWhatToDo() {
    let error = #expect(throws: StorageError.self) {
      _ = try Database(path: folder.file("none/a.db"), migrations: schema)
    }
    #expect(error?.code == .notWritable)
    #expect(error?.description.contains("state directory") == true)
  }

  @Test func aFileThatIsNoDatabaseIsRefused() throws {
    let file = try #require(fopen(folder.file("a.db"), "w"))
    fputs(String(repeating: "not a database ", count: 300), file)
    fclose(file)
    let error = #expect(throws: StorageError.self) {
      _ = try Database(path: folder.file("a.db"), migrations: schema)
    }
    #expect(error?.code == .corrupt)
  }
}

@Suite struct MigrationTests {
  let folder = TemporaryFolder()

  @Test func onlyNewStepsAreTaken() throws {
    do {
      let first = try Database(path: folder.file("a.db"), migrations: schema)
      try first.execute("INSERT INTO notes (text) VALUES (?)", .text("kept"))
    }
    let more = schema + [Migration("ALTER TABLE notes ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'")]
    for _ in 0..<2 {
      let second = try Database(path: folder.file("a.db"), migrations: more)
      let colours = try second.query("SELECT text, colour FROM notes") { row throws(StorageError) in
        "\(try row.text(0)) \(try row.text(1))"
      }
      #expect(colours == ["kept red"])
    }
  }

  @Test func aFailedStepLeavesTheOldSchema() throws {
    let broken = schema + [Migration("CREATE TABLE more (id INTEGER); CREATE TABLE notes (id INTEGER)")]
    #expect(throws: StorageError.self) { _ = try Database(path: folder.file("a.db"), migrations: broken) }
    let database = try Database(path: folder.file("a.db"), migrations: schema)
    #expect(try texts(database).isEmpty)
    #expect(throws: StorageError.self) { try database.execute("SELECT id FROM more") }
  }

  @Test func aDatabaseOfANewerVersionIsLeftAlone() throws {
    let more = schema + [Migration("CREATE TABLE more (id INTEGER) STRICT")]
    do { _ = try Database(path: folder.file("a.db"), migrations: more) }
    let error = #expect(throws: StorageError.self) {
      _ = try Database(path: folder.file("a.db"), migrations: schema)
    }
    #expect(error?.code == .newerSchema)
  }
}
