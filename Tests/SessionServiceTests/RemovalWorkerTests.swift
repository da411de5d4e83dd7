import Messages
import Testing
import Timing

@testable import SessionService

/// A token-svc that answers when the test lets it.
private final class TestTokens {
  var isThere = true
  var holds = false
  private(set) var asked: [ShutOutDevice] = []
  private var held: [(Result<Void, ServiceError>) -> Void] = []

  func ask(_ request: ShutOutDevice, _ completion: @escaping (Result<Void, ServiceError>) -> Void) {
    asked.append(request)
    if holds { held.append(completion) } else { completion(answer) }
  }

  func letGo() {
    let all = held
    held = []
    for completion in all { completion(answer) }
  }

  private var answer: Result<Void, ServiceError> { isThere ? .success(()) : .failure(.timedOut("token-svc")) }
}

private struct Fixture {
  let test: TestRegistry
  let tokens = TestTokens()
  let worker: RemovalWorker
  let session: SessionID

  init(_ test: TestRegistry? = nil) throws {
    self.test = try test ?? TestRegistry()
    worker = try RemovalWorker(store: self.test.store, time: self.test.time, log: silentLog, ask: tokens.ask)
    session = try test == nil ? self.test.create(devices: 4).session : sessionID("take-1")
  }

  func remove(_ number: Int) throws -> DeviceRecord {
    try test.registry.remove(RemoveDevice(key: key(session, number))).device
  }

  func finish(_ device: DeviceRecord) -> Box {
    let box = Box()
    worker.finish(device) { box.results.append($0) }
    return box
  }

  /// Deletes the session, and makes one of the same name.
  func makeAnew() throws {
    let deletion = DeletionID(String(repeating: "a", count: 32))!
    #expect(try test.store.beginDeletion(session, as: deletion, parts: [], at: 0) != nil)
    _ = try test.create(session.text, devices: 4)
  }

  final class Box {
    var results: [Result<Void, ServiceError>] = []
    var succeeded: [Bool] { results.map { if case .success = $0 { true } else { false } } }
  }
}

@Suite struct RemovalWorkerTests {
  @Test func aRemovalIsFinishedWhenTheTokensAreWithdrawn() throws {
    let fixture = try Fixture()
    _ = try fixture.test.register(fixture.session, 1, grant: "jti-1")
    let device = try fixture.remove(1)
    #expect(fixture.finish(device).succeeded == [true])
    #expect(fixture.tokens.asked.map(\.grant) == ["jti-1"])
    #expect(try fixture.test.store.devicesAwaitingRevocation().isEmpty)
    #expect(fixture.worker.unfinished == 0)
    // Asking again asks nobody.
    #expect(fixture.finish(try fixture.remove(1)).succeeded == [true])
    #expect(fixture.tokens.asked.count == 1)
  }

  @Test func withoutTokenServiceItFailsAndIsFinishedLater() throws {
    let fixture = try Fixture()
    _ = try fixture.test.register(fixture.session, 1)
    fixture.tokens.isThere = false
    let first = fixture.finish(try fixture.remove(1))
    #expect(first.results.count == 1 && first.succeeded == [false])
    fixture.worker.advance()
    #expect(fixture.tokens.asked.count == 1)
    fixture.test.time.advance(by: .seconds(1))
    fixture.worker.advance()
    #expect(fixture.tokens.asked.count == 2)
    // The coach asks again: at once, whatever the back-off.
    fixture.tokens.isThere = true
    #expect(fixture.finish(try fixture.remove(1)).succeeded == [true])
    #expect(fixture.worker.unfinished == 0)
  }

  @Test func aRestartGoesOnWhereItStopped() throws {
    let before = try Fixture()
    _ = try before.test.register(before.session, 1)
    before.tokens.isThere = false
    _ = before.finish(try before.remove(1))
    let after = try Fixture(TestRegistry(folder: before.test.folder, time: before.test.time))
    #expect(after.worker.unfinished == 1)
    after.worker.advance()
    #expect(after.tokens.asked.count == 1)
    #expect(after.worker.unfinished == 0)
    #expect(try after.test.store.devicesAwaitingRevocation().isEmpty)
  }

  @Test func allWhoWaitAreAnsweredByOneQuestion() throws {
    let fixture = try Fixture()
    _ = try fixture.test.register(fixture.session, 1)
    fixture.tokens.holds = true
    let device = try fixture.remove(1)
    let boxes = (0..<RemovalWorker.maximumWaiting).map { _ in fixture.finish(device) }
    #expect(fixture.finish(device).succeeded == [false])
    #expect(fixture.tokens.asked.count == 1)
    fixture.tokens.letGo()
    #expect(boxes.allSatisfy { $0.succeeded == [true] })
  }

  /// In a session of the same name: while a removal is unfinished its own session lets nobody in again.
  @Test func aPhoneLetInAgainAndRemovedAgainIsAskedForAnew() throws {
    let fixture = try Fixture()
    _ = try fixture.test.register(fixture.session, 1, grant: "first")
    fixture.tokens.holds = true
    let first = fixture.finish(try fixture.remove(1))
    #expect(throws: SessionError.removalUnfinished) {
      try fixture.test.register(fixture.session, 1, grant: "second")
    }
    try fixture.makeAnew()
    _ = try fixture.test.register(fixture.session, 1, grant: "second")
    let second = fixture.finish(try fixture.remove(1))
    #expect(fixture.tokens.asked.map(\.grant) == ["first", "second"])
    fixture.tokens.letGo()
    #expect(first.succeeded == [true] && second.succeeded == [true])
    #expect(try fixture.test.store.devicesAwaitingRevocation().isEmpty)
  }

  /// It may be the removed phone, with the QR of before and another name for itself.
  @Test func nobodyNewComesInWhileARemovalIsUnfinished() throws {
    let fixture = try Fixture()
    _ = try fixture.test.register(fixture.session, 1, grant: "first")
    let stays = try fixture.test.register(fixture.session, 2, grant: "other")
    fixture.tokens.isThere = false
    _ = fixture.finish(try fixture.remove(1))
    #expect(throws: SessionError.removalUnfinished) { try fixture.test.register(fixture.session, 3) }
    // Who is in stays in, also when it asks again.
    let device = key(fixture.session, 2)
    #expect(try fixture.test.registry.locate(LocateDevice(key: device)).device == stays.device)
    _ = try fixture.test.register(fixture.session, 2, grant: "other")
    // Asking does not wait for the back-off, and says who stays now.
    fixture.tokens.isThere = true
    fixture.worker.hurry(sessionID("another"))
    #expect(fixture.tokens.asked.count == 1)
    fixture.worker.hurry(fixture.session)
    #expect(fixture.tokens.asked.count == 2)
    #expect(fixture.tokens.asked.last?.staying == [device.device])
    #expect(fixture.worker.unfinished == 0)
    _ = try fixture.test.register(fixture.session, 3)
  }

  @Test func whoStaysIsSaidAsItIsWhenAsking() throws {
    let before = try Fixture()
    for number in 1...3 { _ = try before.test.register(before.session, number, grant: "grant-\(number)") }
    before.tokens.isThere = false
    _ = before.finish(try before.remove(1))
    _ = before.finish(try before.remove(2))
    #expect(before.tokens.asked.map { $0.staying?.count } == [2, 1])
    // After a restart too, for each of them.
    let after = try Fixture(TestRegistry(folder: before.test.folder, time: before.test.time))
    after.worker.advance()
    #expect(after.tokens.asked.map(\.staying) == [[key(after.session, 3).device], [key(after.session, 3).device]])
    #expect(after.worker.unfinished == 0)
  }

  /// Its tokens go with the deletion; the phones of a new session of that name are not to be shut out.
  @Test func aRemovalInADeletedSessionIsLetGo() throws {
    let fixture = try Fixture()
    _ = try fixture.test.register(fixture.session, 1)
    fixture.tokens.isThere = false
    _ = fixture.finish(try fixture.remove(1))
    try fixture.makeAnew()
    fixture.worker.hurry(fixture.session)
    #expect(fixture.tokens.asked.count == 1)
    #expect(fixture.worker.unfinished == 0)
  }
}
