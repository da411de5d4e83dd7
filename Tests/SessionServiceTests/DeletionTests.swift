import Foundation
import Messages
import Storage
import Testing
import Timing

@testable import SessionService

/// Places that answer when the test lets them.
private final class TestPeers: DeletionPeers {
  var reachable: Set<DeletionPart>
  private(set) var asked: [DeletionPart] = []
  private(set) var deletions: Set<DeletionID> = []
  /// The streams share a folder: whoever is asked tells of all that went.
  var recordings = (items: 4, bytes: 2000)
  /// It neither answers nor refuses, for as long as the test goes.
  var silent: DeletionPart?
  private(set) var askedSilently: [SessionID] = []

  init(reachable: Set<DeletionPart>) { self.reachable = reachable }

  func remove(
    _ session: SessionID, as deletion: DeletionID, from part: DeletionPart,
    _ completion: @escaping (Result<(items: Int, bytes: Int), ServiceError>) -> Void
  ) {
    if part == silent { return askedSilently.append(session) }
    asked.append(part)
    deletions.insert(deletion)
    guard reachable.contains(part) else { return completion(.failure(.timedOut(part.name))) }
    completion(.success(part.isStream ? recordings : (3, 0)))
  }
}

private let everybody: Set<DeletionPart> = [.tokens, .stream(instance: 1), .stream(instance: 2), .gateway]

private struct Fixture {
  let test: TestRegistry
  let peers: TestPeers
  let worker: DeletionWorker

  init(_ test: TestRegistry, reachable: Set<DeletionPart> = everybody, streamInstances: Int = 2) throws {
    self.test = test
    peers = TestPeers(reachable: reachable)
    worker = try DeletionWorker(
      store: test.store, peers: peers, time: test.time, log: silentLog, streamInstances: streamInstances)
  }
}

@Suite struct DeletionTests {
  @Test func aReceiptSaysWhatWasRemovedEverywhere() throws {
    let test = try TestRegistry()
    let fixture = try Fixture(test)
    let id = try test.create().session
    for number in 1...3 { _ = try test.register(id, number) }
    try fixture.worker.begin(id)
    let receipt = try #require(try fixture.worker.receipt(of: id))
    #expect(
      receipt
        == DeletionReceipt(
          session: id, devices: 3, tokens: 3, recordingFiles: 4, recordingBytes: 2000, poseFiles: 3, pending: []))
    #expect(fixture.worker.unfinished == 0)
    #expect(try test.store.session(id) == nil)
    #expect(try test.store.devices(of: id).isEmpty)
    // Asking again gives the same receipt and asks nobody.
    let asked = fixture.peers.asked.count
    try fixture.worker.begin(id)
    #expect(try fixture.worker.receipt(of: id) == receipt)
    #expect(fixture.peers.asked.count == asked)
    // The name is free again.
    _ = try test.create(id.text)
    #expect(try fixture.worker.receipt(of: id) == nil)
  }

  /// Both instances answer for the folder that they share; the gateway is asked twice and tells the same twice.
  @Test func whatIsToldTwiceIsCountedOnce() throws {
    let test = try TestRegistry()
    let fixture = try Fixture(test, reachable: everybody.subtracting([.stream(instance: 2)]))
    let id = try test.create().session
    try fixture.worker.begin(id)
    #expect(try fixture.worker.receipt(of: id)?.recordingFiles == 4)
    // The one that was away had two more.
    fixture.peers.recordings = (6, 3000)
    fixture.peers.reachable = everybody
    for _ in 0..<3 {
      test.time.advance(by: .seconds(60))
      fixture.worker.advance()
    }
    let receipt = try #require(try fixture.worker.receipt(of: id))
    #expect(receipt.pending == [])
    #expect(receipt.recordingFiles == 6 && receipt.recordingBytes == 3000 && receipt.poseFiles == 3)
    #expect(fixture.peers.asked.filter { $0 == .gateway }.count == 2)
  }

  @Test func aDeletionKeepsItsNameAcrossRestartsAndHasItForItself() throws {
    let test = try TestRegistry()
    let id = try test.create().session
    let fixture = try Fixture(test, reachable: [])
    try fixture.worker.begin(id)
    let after = try Fixture(try TestRegistry(folder: test.folder, time: test.time))
    after.worker.advance()
    #expect(after.peers.deletions == fixture.peers.deletions && after.peers.deletions.count == 1)
    try after.worker.begin(try test.create("take-2").session)
    #expect(after.peers.deletions.count == 2)
  }

  @Test func aSessionThatNeverWasIsNotFound() throws {
    let fixture = try Fixture(try TestRegistry())
    #expect(throws: SessionError.sessionNotFound) { try fixture.worker.begin(sessionID("never")) }
  }

  @Test func whoDoesNotAnswerIsPendingAndAskedAgainWithBackOff() throws {
    let test = try TestRegistry()
    let fixture = try Fixture(test, reachable: everybody.subtracting([.stream(instance: 2)]))
    let id = try test.create().session
    try fixture.worker.begin(id)
    // The gateway answered, but must be asked once more when the last stream has let go.
    #expect(try fixture.worker.receipt(of: id)?.pending == ["edge-gateway", "stream-svc@2"])
    #expect(throws: SessionError.sessionBeingDeleted) { try test.create(id.text) }
    let asked = fixture.peers.asked.count
    fixture.worker.advance()
    #expect(fixture.peers.asked.count == asked)
    test.time.advance(by: .seconds(1))
    fixture.worker.advance()
    #expect(fixture.peers.asked.count > asked)
    fixture.peers.reachable = everybody
    var finished: DeletionReceipt?
    try fixture.worker.whenFinished(id) { finished = $0 }
    for _ in 0..<3 {
      test.time.advance(by: .seconds(60))
      fixture.worker.advance()
    }
    #expect(finished?.pending == [])
    #expect(finished?.recordingFiles == 4)
  }

  @Test func aKilledServiceContinuesWhereItWas() throws {
    let test = try TestRegistry()
    let id = try test.create().session
    do {
      let fixture = try Fixture(test, reachable: [.tokens])
      try fixture.worker.begin(id)
      #expect(fixture.worker.unfinished == 1)
    }
    let after = try TestRegistry(folder: test.folder, time: test.time)
    let fixture = try Fixture(after)
    #expect(fixture.worker.unfinished == 1)
    #expect(throws: SessionError.sessionBeingDeleted) { try after.create(id.text) }
    fixture.worker.advance()
    #expect(fixture.worker.unfinished == 0)
    #expect(!fixture.peers.asked.contains(.tokens))
    #expect(try fixture.worker.receipt(of: id)?.tokens == 3)
  }

  @Test func anInstanceThatWasTakenAwayHoldsNoDeletionUp() throws {
    let test = try TestRegistry()
    let id = try test.create().session
    _ = try test.register(id, 1)
    do {
      let fixture = try Fixture(test, reachable: everybody.subtracting([.stream(instance: 2)]))
      try fixture.worker.begin(id)
      #expect(try fixture.worker.receipt(of: id)?.pending == ["edge-gateway", "stream-svc@2"])
    }
    // The operator scales down to one; its cameras' recordings are where that one finds them.
    let fixture = try Fixture(test, reachable: everybody.subtracting([.stream(instance: 2)]), streamInstances: 1)
    fixture.worker.advance()
    #expect(fixture.worker.unfinished == 0)
    #expect(try fixture.worker.receipt(of: id)?.pending == [])
    #expect(fixture.peers.asked.last == .gateway)
    let next = try test.create().session
    for number in 1...2 { _ = try test.register(next, number) }
    try fixture.worker.begin(next)
    #expect(try fixture.worker.receipt(of: next)?.pending == [])
  }

  @Test func theGatewayIsAskedAfterTheStreams() throws {
    let test = try TestRegistry()
    let fixture = try Fixture(test)
    try fixture.worker.begin(try test.create().session)
    #expect(fixture.peers.asked.last == .gateway)
    #expect(fixture.peers.asked.count == 4)
  }

  @Test func onlyUntouchedSessionsOutliveTheirRetentionAndOnlyIfNobodyIsThere() throws {
    let test = try TestRegistry()
    let fixture = try Fixture(test)
    let retention = Retention(test)
    let old = try test.create("old").session
    let live = try test.create("live").session
    _ = try test.register(live, 1)
    let touched = try test.create("touched").session
    test.time.advance(by: .seconds(6 * 86_400))
    _ = try test.register(touched, 1)
    test.time.advance(by: .seconds(86_400 + 60))
    let now = test.time.now()
    try test.registry.receive(report(key(live, 1), lastFrameAt: now, at: now))
    #expect(try retention.run(registry: test.registry, worker: fixture.worker) == 1)
    #expect(try test.store.session(old) == nil)
    #expect(try test.store.session(live) != nil)
    #expect(try test.store.session(touched) != nil)
    test.time.advance(by: .seconds(8 * 86_400))
    #expect(try retention.run(registry: test.registry, worker: fixture.worker) == 2)
    #expect(try test.registry.list(ListSessions(limit: 10)).sessions.isEmpty)
    // Receipts go as well, in the end.
    #expect(try fixture.worker.receipt(of: old) == nil)
    #expect(try fixture.worker.receipt(of: live) != nil)
  }

  /// A phone's page that is left open for ever: an hour is all it gets.
  @Test func anOpenPagePutsRetentionOffByAnHourAtMost() throws {
    let test = try TestRegistry()
    let fixture = try Fixture(test)
    let retention = Retention(test)
    let open = try test.create("open").session
    _ = try test.register(open, 1)
    func run(after wait: Duration) throws -> Int {
      test.time.advance(by: wait)
      let now = test.time.now()
      try test.registry.receive(report(key(open, 1), lastFrameAt: now, at: now))
      return try retention.run(registry: test.registry, worker: fixture.worker)
    }
    #expect(try run(after: .seconds(7 * 86_400 - 60)) == 0)
    #expect(try run(after: .seconds(120)) == 0)
    #expect(try run(after: .seconds(3480)) == 0)
    #expect(try run(after: .seconds(120)) == 1)
    #expect(try test.store.session(open) == nil)
  }

  @Test func anEndedSessionIsDeletedOnTimeWhoeverIsThere() throws {
    let test = try TestRegistry()
    let fixture = try Fixture(test)
    let retention = Retention(test)
    let ended = try test.create("ended").session
    _ = try test.register(ended, 1)
    _ = try test.registry.end(EndSession(session: ended))
    test.time.advance(by: .seconds(7 * 86_400 + 1))
    let now = test.time.now()
    try test.registry.receive(report(key(ended, 1), lastFrameAt: now, at: now))
    #expect(test.registry.isLive(ended))
    #expect(try retention.run(registry: test.registry, worker: fixture.worker) == 1)
    #expect(try test.store.session(ended) == nil)
  }

  /// Twenty sessions are deleted, and an instance hangs: that is no reason not to ask the others.
  @Test func aSilentInstanceTakesNobodyElsesTurn() throws {
    let test = try TestRegistry()
    let fixture = try Fixture(test)
    fixture.peers.silent = .stream(instance: 2)
    let old = try (1...20).map { try test.create("old-\($0)").session }
    for session in old { try fixture.worker.begin(session) }
    for session in old {
      let receipt = try #require(try fixture.worker.receipt(of: session))
      #expect(receipt.tokens == 3 && receipt.recordingFiles == 4, "\(session.text) was asked about")
    }
    #expect(fixture.peers.askedSilently.count < old.count)
  }

  /// The instance refuses, and is asked about many: who comes now is not behind all of them, and nobody waits for it to be heard.
  @Test func whatWasNeverAskedComesBeforeWhatIsAskedAgain() throws {
    let test = try TestRegistry()
    let fixture = try Fixture(test, reachable: everybody.subtracting([.stream(instance: 2)]))
    for number in 1...40 { try fixture.worker.begin(try test.create("old-\(number)").session) }
    // Too many are due now for all of them to be asked, and it has begun to hang.
    test.time.advance(by: .seconds(60))
    fixture.peers.silent = .stream(instance: 2)
    let fresh = try test.create("fresh").session
    try fixture.worker.begin(fresh)
    #expect(fixture.peers.askedSilently.first == fresh)
    let late = try test.create("late").session
    try fixture.worker.begin(late)
    #expect(try fixture.worker.receipt(of: late)?.poseFiles == 3)
    #expect(!fixture.peers.askedSilently.contains(late))
  }

  /// As if the store had failed just after it took the deletion in.
  @Test func aDeletionThatNobodyCarriesOnIsTakenUpByWhoAsksAgain() throws {
    let test = try TestRegistry()
    let fixture = try Fixture(test)
    let id = try test.create().session
    let deletion = try #require(DeletionID(String(repeating: "d", count: 32)))
    _ = try test.store.beginDeletion(id, as: deletion, parts: Array(everybody), at: 0)
    try fixture.worker.begin(id)
    #expect(fixture.peers.asked.count == 4)
    #expect(fixture.peers.deletions == [deletion])
    #expect(try fixture.worker.receipt(of: id)?.pending == [])
  }

  /// Retention asks once: what the store took in must be carried on although it cannot be read back.
  @Test func whatTheStoreTookInIsCarriedOnUnread() throws {
    let test = try TestRegistry()
    let fixture = try Fixture(test)
    let id = try test.create().session
    try Database(path: "\(test.folder.path)/sessions.db", migrations: SessionSchema.migrations).execute(
      "CREATE TRIGGER spoil AFTER INSERT ON deletions BEGIN UPDATE deletions SET id = 'none' WHERE id = new.id; END")
    try fixture.worker.begin(id)
    #expect(throws: StorageError.self) { try test.store.deletion(of: id) }
    #expect(fixture.peers.asked.count == 4 && fixture.worker.unfinished == 0)
  }

  /// A service is away for days; the names are gone from the disk all the same.
  @Test func namesAreGoneFromTheDiskBeforeTheDeletionEnds() throws {
    let test = try TestRegistry()
    let fixture = try Fixture(test, reachable: [])
    let id = try test.create(userID: "Robin-of-Loxley").session
    _ = try test.register(id, 1, DeviceMetadata(label: "Marian's phone"))
    let isOnDisk = { (word: String) in
      try ["", "-wal"].contains { suffix in
        let file = URL(filePath: "\(test.folder.path)/sessions.db\(suffix)")
        return try Data(contentsOf: file).range(of: Data(word.utf8)) != nil
      }
    }
    #expect(try isOnDisk("Robin-of-Loxley") && isOnDisk("Marian's phone"))
    try fixture.worker.begin(id)
    // As the process does each second.
    fixture.worker.advance()
    #expect(fixture.worker.unfinished == 1)
    #expect(try !isOnDisk("Robin-of-Loxley") && !isOnDisk("Marian's phone"))
  }

  @Test func partsAreNamedAndRead() {
    for part in everybody { #expect(DeletionPart(name: part.name) == part) }
    for name in ["", "stream-svc", "stream-svc@", "stream-svc@x", "api-front"] {
      #expect(DeletionPart(name: name) == nil)
    }
  }
}
