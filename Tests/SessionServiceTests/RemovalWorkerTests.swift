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

  @Test func aPhoneLetInAgainAndRemovedAgainIsAskedForAnew() throws {
    let fixture = try Fixture()
    _ = try fixture.test.register(fixture.session, 1, grant: "first")
    fixture.tokens.holds = true
    let first = fixture.finish(try fixture.remove(1))
    _ = try fixture.test.register(fixture.session, 1, grant: "second")
    let second = fixture.finish(try fixture.remove(1))
    #expect(fixture.tokens.asked.map(\.grant) == ["first", "second"])
    fixture.tokens.letGo()
    #expect(first.succeeded == [true] && second.succeeded == [true])
    #expect(try fixture.test.store.devicesAwaitingRevocation().isEmpty)
  }
}
