import Messages
import Storage
import TestFolders
import Testing
import Timing

@testable import SessionService

/// What earlier versions wrote is read after an upgrade as it was meant.
@Suite struct MigrationTests {
  private let runs = SessionRecord(
    id: sessionID("take-runs"), mode: .threeD, userID: "Kim", expectedDevices: 3,
    anchor: UTCAnchor(sessionTime: SessionTime(microseconds: 70), utcMicroseconds: 2000),
    consent: ConsentRecord(givenBy: "Kim", givenAt: 2000, textVersion: "2026-11-25/7d"), endedAt: nil)
  private let ended = SessionRecord(
    id: sessionID("take-ended"), mode: .single, userID: "Robin", expectedDevices: 1,
    anchor: UTCAnchor(sessionTime: SessionTime(microseconds: 60), utcMicroseconds: 1000),
    consent: ConsentRecord(givenBy: "Robin", givenAt: 1000, textVersion: nil), endedAt: 1500)

  /// The devices of the session that runs, with what their version already kept of them.
  private func devices(version: Int) -> [DeviceRecord] {
    [
      DeviceRecord(
        key: key(runs.id, 1),
        metadata: DeviceMetadata(
          label: "left", browser: "Safari", platform: "iOS", model: version >= 3 ? "iPhone" : nil, width: 720,
          height: 1280, fps: 29.97),
        instance: 1, registeredAt: 2100, hasConnected: true, isRemoved: false,
        grant: version >= 2 ? "grant-1" : nil, givenLabel: version >= 2 ? "left of the mat" : nil),
      DeviceRecord(
        key: key(runs.id, 2), metadata: DeviceMetadata(), instance: 2, registeredAt: 2200, hasConnected: false,
        isRemoved: true, grant: version >= 2 ? "grant-2" : nil, awaitsRevocation: version >= 2),
    ]
  }

  @Test(arguments: 1...OldSchemas.last) func rowsAreReadAsTheyWere(version: Int) throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/sessions.db"
    try OldSchemas.make(path, version: version)
    let store = try SQLiteSessionStore(path: path)

    #expect(try store.sessions(limit: 10, after: nil) == [runs, ended])
    #expect(try store.devices(of: runs.id) == devices(version: version))
    #expect(try store.devices(of: ended.id).isEmpty)
    #expect(try store.devicesAwaitingRevocation() == devices(version: version).filter(\.awaitsRevocation))

    let gone = try #require(try store.deletion(of: sessionID("take-gone")))
    #expect(gone.devices == 2)
    #expect(
      gone.parts == [
        .tokens: DeletionResult(items: 3, bytes: 0, isDone: true),
        .stream(instance: 1): DeletionResult(items: 2, bytes: 4000, isDone: true),
      ])
    let goes = try #require(try store.deletion(of: sessionID("take-goes")))
    #expect(goes.parts == [.gateway: DeletionResult(items: 0, bytes: 0, isDone: false)])
    #expect(try store.unfinishedDeletions() == [goes])
    // Each place keeps what it removed by this name.
    #expect(gone.id != goes.id)
  }

  @Test(arguments: 1...OldSchemas.last) func anOldDatabaseIsWorkedOnLikeAnyOther(version: Int) throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/sessions.db"
    try OldSchemas.make(path, version: version)
    let upgraded = try SQLiteSessionStore(path: path)
    let goes = try upgraded.deletion(of: sessionID("take-goes"))

    // Opened once more nothing happens to it: a deletion keeps its name.
    let store = try SQLiteSessionStore(path: path)
    #expect(try store.deletion(of: sessionID("take-goes")) == goes)

    let late = DeviceRecord(
      key: key(runs.id, 3), metadata: DeviceMetadata(label: "right", model: "Pixel 7"), instance: 1,
      registeredAt: 3000, hasConnected: false, isRemoved: false, grant: "grant-3")
    try store.put(late)
    #expect(try store.devices(of: runs.id) == devices(version: version) + [late])
    let deletion = try #require(DeletionID(String(repeating: "d", count: 32)))
    let begun = try store.beginDeletion(runs.id, as: deletion, parts: [.tokens], at: 4000)
    #expect(try begun != nil && store.deletion(of: runs.id) == begun)
    #expect(try store.deletion(of: runs.id)?.devices == 3)
    #expect(try store.devices(of: runs.id).isEmpty)
  }

  /// Were a step changed after its release, a database that took it before would differ from a new one for ever.
  @Test(arguments: 1...OldSchemas.last + 1) func anUpgradeLeadsWhereANewDatabaseBegins(version: Int) throws {
    let folder = TemporaryFolder()
    try OldSchemas.make("\(folder.path)/old.db", version: version)
    let upgraded = try SQLiteSessionStore(path: "\(folder.path)/old.db").database
    let new = try SQLiteSessionStore(path: "\(folder.path)/new.db").database
    #expect(try schema(of: upgraded) == schema(of: new))
  }

  /// Every later step belongs into `OldSchemas`, too, once it is released.
  @Test func everyOldVersionIsTested() { #expect(OldSchemas.steps.count == SessionSchema.migrations.count) }

  private func schema(of database: Database) throws -> [String] {
    try database.query("SELECT name || ' ' || ifnull(sql, '') FROM sqlite_master ORDER BY name") {
      row throws(StorageError) in try row.text(0)
    }
  }
}
