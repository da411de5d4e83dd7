import Messages
import Testing

@testable import SessionService

@Suite struct InstanceWatchTests {
  private func missing(_ instance: Int, _ times: Int) -> InstanceWatch {
    var watch = InstanceWatch()
    for _ in 0..<times { watch.missed(instance) }
    return watch
  }

  @Test func oneIsAwayAfterEnoughQuestionsInARow() {
    #expect(missing(2, InstanceWatch.patience - 1).away.isEmpty)
    #expect(missing(2, InstanceWatch.patience).away == [2])
  }

  @Test func anAnswerStartsTheCountAnew() {
    var watch = missing(2, InstanceWatch.patience - 1)
    watch.answered(2)
    watch.missed(2)
    #expect(watch.away.isEmpty)
  }

  @Test func aCameraMovesOffAnInstanceThatIsAwayAndStaysWhereItIs() throws {
    let test = try TestRegistry()
    let id = try test.create().session
    let first = try test.register(id, 1).instance
    #expect(first == 1)
    let locate = { try test.registry.locate(LocateDevice(key: key(id, 1))).instance }
    test.registry.instancesAway = [1]
    #expect(try locate() == 2)
    test.registry.instancesAway = []
    #expect(try locate() == 2)
    #expect(try test.registry.status(GetSessionStatus(session: id)).devices.map(\.instance) == [2])
  }

  @Test func reportsOfTheOldInstanceNoLongerCount() throws {
    let test = try TestRegistry()
    let id = try test.create().session
    _ = try test.register(id, 1)
    test.registry.instancesAway = [1]
    _ = try test.registry.locate(LocateDevice(key: key(id, 1)))
    #expect(try !test.registry.receive(report(key(id, 1), instance: 1, at: test.time.now())))
    #expect(try test.registry.receive(report(key(id, 1), instance: 2, at: test.time.now())))
  }

  @Test func withNobodyLeftACameraKeepsItsPlace() throws {
    let test = try TestRegistry()
    let id = try test.create().session
    _ = try test.register(id, 1)
    test.registry.instancesAway = [1, 2]
    #expect(try test.registry.locate(LocateDevice(key: key(id, 1))).instance == 1)
  }

  @Test func newCamerasAvoidAnInstanceThatIsAway() throws {
    let test = try TestRegistry()
    let id = try test.create().session
    test.registry.instancesAway = [1]
    #expect(try (1...4).map { try test.register(id, $0).instance } == [2, 2, 2, 2])
  }

  @Test func aCameraOfAnInstanceThatIsNoLongerConfiguredMoves() throws {
    let before = try TestRegistry(instances: 2)
    let id = try before.create().session
    _ = try before.register(id, 1)
    #expect(try before.register(id, 2).instance == 2)
    let after = try TestRegistry(folder: before.folder, time: before.time, instances: 1)
    #expect(try after.registry.locate(LocateDevice(key: key(id, 2))).instance == 1)
  }
}
