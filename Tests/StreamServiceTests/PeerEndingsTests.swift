import Testing
import Timing

@testable import Runtime
@testable import StreamService

/// A library that never lets go of one peer costs that peer, not those after it.
@Suite struct PeerEndingsTests {
  private let time = ManualTimeSource()
  private let loop: EventLoop
  private let endings: PeerEndings
  private let logged = Monitor<[String]>([])
  /// Where the offers would be answered.
  private let answers = PeerThread("webrtc")

  init() throws {
    loop = try EventLoop(time: time)
    let logged = logged
    endings = PeerEndings(
      loop: loop, log: Log(name: "stream-svc@1", level: .info) { line in logged.change { $0.append(line) } })
  }

  /// Runs the loop until `isTrue`, for ten seconds at most.
  private func turn(until isTrue: () -> Bool) -> Bool {
    for _ in 0..<1000 {
      if isTrue() { return true }
      loop.runOnce(waitingAtMost: .milliseconds(10))
    }
    return isTrue()
  }

  @Test func onesThatEndLeaveNothing() {
    let ended = Monitor<[Int]>([])
    for number in 0..<20 {
      endings.add(UInt64(number), after: answers) { ended.change { $0.append(number) } }
    }
    #expect(endings.count <= 20)
    #expect(turn { endings.count == 0 })
    #expect(ended.withLock { $0 } == Array(0..<20))
    #expect(answers.stop(within: .seconds(10)) && endings.stop(within: .seconds(10)))
  }

  @Test func oneThatNeverEndsIsLeftBehind() {
    let isLetGo = Monitor(false)
    let ended = Monitor<[Int]>([])
    let isUnderWay = Monitor(false)
    endings.add(1, after: answers) {
      isUnderWay.change { $0 = true }
      wait(for: isLetGo)
      ended.change { $0.append(1) }
    }
    for number in 2...4 {
      endings.add(UInt64(number), after: answers) { ended.change { $0.append(number) } }
    }
    wait(for: isUnderWay)
    time.advance(by: PeerEndings.patience)
    endings.tick()
    #expect(endings.abandonedCount == 0 && endings.count == 4)

    time.advance(by: .milliseconds(1))
    endings.tick()
    #expect(endings.abandonedCount == 1)
    #expect(turn { endings.count == 1 })
    #expect(ended.withLock { $0 } == [2, 3, 4])
    #expect(logged.withLock { $0 }.count { $0.contains("peer_does_not_end") } == 1)

    isLetGo.change { $0 = true }
    #expect(turn { endings.count == 0 })
    #expect(endings.abandonedCount == 0)
    #expect(answers.stop(within: .seconds(10)) && endings.stop(within: .seconds(10)))
  }

  @Test func thereIsAnEndToLeavingBehind() {
    let isLetGo = Monitor(false)
    let count = PeerEndings.maximumAbandoned + 3
    for number in 0..<count {
      endings.add(UInt64(number), after: answers) { wait(for: isLetGo) }
    }
    for _ in 0..<count {
      time.advance(by: PeerEndings.patience + .milliseconds(1))
      endings.tick()
    }
    #expect(endings.abandonedCount == PeerEndings.maximumAbandoned)
    #expect(endings.count == count)
    isLetGo.change { $0 = true }
    #expect(turn { endings.count == 0 })
    #expect(answers.stop(within: .seconds(10)) && endings.stop(within: .seconds(10)))
  }
}

private func wait(for flag: Monitor<Bool>) {
  let isSet: Bool = flag.wait { $0 ? true : nil }
  precondition(isSet)
}
