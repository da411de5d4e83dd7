import Messages
import Runtime
import Synchronization
import Testing
import Timing

@testable import SessionService

private let minute: Int64 = 60_000_000
private let day: Int64 = 86_400_000_000

/// Has nothing of any session.
private struct Nobody: DeletionPeers {
  func remove(
    _ session: SessionID, as deletion: DeletionID, from part: DeletionPart,
    _ completion: @escaping (Result<(items: Int, bytes: Int), ServiceError>) -> Void
  ) { completion(.success((0, 0))) }
}

/// What was logged.
private final class Lines: Sendable {
  private let lines = Mutex<[String]>([])
  var log: Log { Log(name: "test", level: .info) { [self] line in lines.withLock { $0.append(line) } } }
  func count(_ event: String) -> Int { lines.withLock { $0.count { $0.contains(event) } } }
}

@Suite struct ClockStepTests {
  @Test func aClockThatRunsIsNoStep() {
    var clocks = ClockStepGuard()
    var utc = 7 * day
    var uptime: Int64 = 0
    #expect(clocks.read(utc: utc, uptime: uptime) == nil)
    // Ten minutes, a night asleep, a correction that is small, one that goes back.
    for (utcAdvance, uptimeAdvance) in [(10 * minute, 10 * minute), (day, day), (20 * minute, 10 * minute), (-day, 0)] {
      utc += utcAdvance
      uptime += uptimeAdvance
      #expect(clocks.read(utc: utc, uptime: uptime) == nil)
      #expect(clocks.believesAges(at: uptime))
    }
  }

  @Test func aStepIsToldOnceAndAgesAreNotBelievedForADay() {
    var clocks = ClockStepGuard()
    _ = clocks.read(utc: 0, uptime: 0)
    #expect(clocks.read(utc: 14 * day + 10 * minute, uptime: 10 * minute) == 14 * day)
    #expect(!clocks.believesAges(at: 10 * minute))
    #expect(clocks.read(utc: 14 * day + 20 * minute, uptime: 20 * minute) == nil)
    #expect(!clocks.believesAges(at: day + 10 * minute - 1))
    #expect(clocks.believesAges(at: day + 10 * minute))
  }

  @Test func aSecondStepBeginsTheDayAnew() {
    var clocks = ClockStepGuard()
    _ = clocks.read(utc: 0, uptime: 0)
    _ = clocks.read(utc: day, uptime: 0)
    #expect(clocks.read(utc: 3 * day, uptime: day / 2) == 3 * day / 2)
    #expect(!clocks.believesAges(at: day))
    #expect(clocks.believesAges(at: 3 * day / 2))
  }

  @Test func whatWasFilmedTodayOutlivesAStepOfTwoWeeks() throws {
    let test = try TestRegistry()
    let worker = try DeletionWorker(
      store: test.store, peers: Nobody(), time: test.time, log: silentLog, streamInstances: 2)
    let uptime = ManualTimeSource()
    let lines = Lines()
    let retention = Retention(
      store: test.store, time: test.time, uptime: { uptime.now().microseconds }, log: lines.log, days: 7)
    func run(after wait: Int64, step: Int64 = 0) throws -> Int {
      test.time.advance(by: .microseconds(wait + step))
      uptime.advance(by: .microseconds(wait))
      return try retention.run(registry: test.registry, worker: worker)
    }
    let today = try test.create("today").session
    #expect(try run(after: 0) == 0)
    #expect(try run(after: 10 * minute, step: 14 * day) == 0)
    #expect(lines.count("clock_stepped") == 1)
    // One that is deleted because somebody asks for it goes at once.
    try worker.begin(try test.create("asked-for").session)
    #expect(try run(after: day - minute) == 0)
    #expect(try test.store.session(today) != nil)
    #expect(try run(after: minute) == 1)
    #expect(lines.count("clock_stepped") == 1)
  }
}
