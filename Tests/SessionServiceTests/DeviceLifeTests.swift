import Messages
import Testing
import Timing

@testable import SessionService

private let phone = key(sessionID("take-1"), 1)

private func seconds(_ value: Double) -> SessionTime { SessionTime(microseconds: Int64(value * 1_000_000)) }

@Suite struct DeviceLifeTests {
  @Test func fromRegistrationToGoneAndBack() {
    var life = DeviceLife(instance: 1, hasConnected: false, since: seconds(0))
    #expect(life.standing(at: seconds(1)).state == .registered)
    #expect(life.standing(at: seconds(600)).state == .registered)
    _ = life.receive(report(phone, at: seconds(600)), at: seconds(600))
    #expect(life.standing(at: seconds(600.5)).state == .connected)
    _ = life.receive(report(phone, lastFrameAt: seconds(601), at: seconds(601)), at: seconds(601))
    #expect(life.standing(at: seconds(603.9)).state == .streaming)
    // The link closes; the reports go on.
    _ = life.receive(report(phone, transport: nil, lastFrameAt: seconds(601), at: seconds(605)), at: seconds(605))
    #expect(life.standing(at: seconds(605)).state == .stale)
    _ = life.receive(report(phone, transport: nil, lastFrameAt: seconds(601), at: seconds(662)), at: seconds(662))
    #expect(life.standing(at: seconds(662)).state == .gone)
    #expect(life.standing(at: seconds(662)).cause == .connectionClosed)
    _ = life.receive(report(phone, lastFrameAt: seconds(700), at: seconds(700)), at: seconds(700))
    #expect(life.standing(at: seconds(700)).state == .streaming)
    #expect(life.standing(at: seconds(700)).cause == nil)
  }

  @Test func aSilentInstanceMakesItsPhonesStaleThenGone() {
    var life = DeviceLife(instance: 2, hasConnected: false, since: seconds(0))
    _ = life.receive(report(phone, instance: 2, lastFrameAt: seconds(10), at: seconds(10)), at: seconds(10))
    #expect(life.standing(at: seconds(12.9)).state == .streaming)
    let stale = life.standing(at: seconds(14))
    #expect(stale.state == .stale && stale.cause?.words == "stream-svc@2 has not reported for 4 s")
    #expect(life.standing(at: seconds(69.9)).state == .stale)
    #expect(life.standing(at: seconds(70.1)).state == .gone)
  }

  @Test func anOpenConnectionWithoutFramesIsStaleAndSaysSo() {
    var life = DeviceLife(instance: 1, hasConnected: false, since: seconds(0))
    _ = life.receive(report(phone, lastFrameAt: seconds(10), at: seconds(100)), at: seconds(100))
    #expect(life.standing(at: seconds(100)) == .init(state: .stale, cause: .noFrames(seconds: 90)))
  }

  @Test func aClosedConnectionThatNeverSentAFrameEndsToo() {
    var life = DeviceLife(instance: 1, hasConnected: false, since: seconds(0))
    _ = life.receive(report(phone, at: seconds(1)), at: seconds(1))
    for second in stride(from: 2.0, through: 70, by: 1) {
      _ = life.receive(report(phone, transport: nil, at: seconds(second)), at: seconds(second))
    }
    #expect(life.standing(at: seconds(62)).state == .stale)
    #expect(life.standing(at: seconds(70)).state == .gone)
  }

  @Test func afterARestartAPhoneThatWasThereIsNotCalledNew() {
    let life = DeviceLife(instance: 1, hasConnected: true, since: seconds(100))
    #expect(life.standing(at: seconds(101)).state == .stale)
    #expect(life.standing(at: seconds(161)).state == .gone)
  }

  @Test func outdatedAndForeignReportsChangeNothing() {
    var accepted: Bool
    var life = DeviceLife(instance: 1, hasConnected: false, since: seconds(0))
    accepted = life.receive(report(phone, lastFrameAt: seconds(10), at: seconds(10)), at: seconds(10))
    #expect(accepted)
    let before = life
    accepted = life.receive(report(phone, transport: nil, at: seconds(9)), at: seconds(10))
    #expect(!accepted)
    accepted = life.receive(report(phone, instance: 2, transport: nil, at: seconds(11)), at: seconds(11))
    #expect(!accepted)
    #expect(life == before)
  }

  @Test func reportsReachTheStatusAndSurviveARestartByTheirFact() throws {
    let test = try TestRegistry()
    let id = try test.create().session
    _ = try test.register(id, 1)
    #expect(try test.state(id, 1) == .registered)
    let now = test.time.now()
    #expect(try test.registry.receive(report(key(id, 1), lastFrameAt: now, at: now)))
    #expect(try test.state(id, 1) == .streaming)
    #expect(try !test.registry.receive(report(key(id, 2), at: now)))
    #expect(test.registry.liveDevices == 1)
    let after = try TestRegistry(folder: test.folder, time: test.time)
    #expect(try after.state(id, 1) == .stale)
    #expect(try after.registry.receive(report(key(id, 1), lastFrameAt: now, at: now)))
    #expect(try after.state(id, 1) == .streaming)
    test.time.advance(by: .seconds(5))
    let silent = try #require(try after.registry.status(GetSessionStatus(session: id)).devices.first)
    #expect(silent.cause == .silentInstance)
    #expect(silent.reason == "stream-svc@1 has not reported for 5 s")
  }
}
