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

  /// Tells that it runs, and goes on when it is let go.
  private final class Stuck: Sendable {
    let begun = Monitor(0)
    let isLetGo = Monitor(false)

    func run() {
      begun.change { $0 += 1 }
      let isOver: Bool = isLetGo.wait { $0 ? true : nil }
      precondition(isOver)
    }

    func letGo() { isLetGo.change { $0 = true } }
    func hasBegun(_ count: Int) -> Bool { begun.wait(atMost: .seconds(10)) { $0 >= count ? true : nil } ?? false }
  }

  private func stop() -> Bool { answers.stop(within: .seconds(10)) && endings.stop(within: .seconds(10)) }

  @Test func onesThatEndLeaveNothing() {
    let ended = Monitor<[Int]>([])
    for number in 0..<20 {
      endings.add(UInt64(number), after: answers) { ended.change { $0.append(number) } }
    }
    #expect(stop())
    #expect(ended.withLock { $0 } == Array(0..<20))
    #expect(endings.count == 0)
  }

  @Test func oneThatNeverEndsIsLeftBehind() {
    let stuck = Stuck()
    let ended = Monitor<[Int]>([])
    endings.add(1, after: answers) {
      stuck.run()
      ended.change { $0.append(1) }
    }
    for number in 2...4 {
      endings.add(UInt64(number), after: answers) { ended.change { $0.append(number) } }
    }
    #expect(stuck.hasBegun(1))
    time.advance(by: PeerEndings.patience)
    endings.tick()
    #expect(endings.abandonedCount == 0 && endings.count == 4)

    time.advance(by: .milliseconds(1))
    endings.tick()
    endings.tick()
    let others: [Int]? = ended.wait(atMost: .seconds(10)) { $0.count == 3 ? $0 : nil }
    #expect(others == [2, 3, 4])
    #expect(endings.abandonedCount == 1)
    #expect(logged.withLock { $0 }.count { $0.contains("peer_does_not_end") } == 1)

    stuck.letGo()
    #expect(ended.wait(atMost: .seconds(10)) { $0.count == 4 ? true : nil } == true)
    #expect(stop())
  }

  /// What waits for its turn, behind the thread that answers offers too, is not taken for stuck.
  @Test func onlyTheOneUnderWayCanBeStuck() {
    let stuck = Stuck()
    answers.run { stuck.run() }
    endings.add(1, after: answers) {}
    #expect(stuck.hasBegun(1))
    time.advance(by: PeerEndings.patience + .seconds(1))
    endings.tick()
    #expect(endings.abandonedCount == 0 && endings.count == 1)
    stuck.letGo()
    #expect(stop())
    #expect(endings.count == 0)
  }

  @Test func thereIsAnEndToLeavingBehind() {
    let stuck = Stuck()
    let count = PeerEndings.maximumAbandoned + 3
    for number in 0..<count { endings.add(UInt64(number), after: answers) { stuck.run() } }
    for number in 1...PeerEndings.maximumAbandoned + 1 {
      #expect(stuck.hasBegun(number))
      time.advance(by: PeerEndings.patience + .milliseconds(1))
      endings.tick()
      endings.tick()
    }
    #expect(endings.abandonedCount == PeerEndings.maximumAbandoned)
    #expect(endings.count == count)
    #expect(logged.withLock { $0 }.count { $0.contains("peer_does_not_end") } == PeerEndings.maximumAbandoned + 1)
    stuck.letGo()
    #expect(stuck.hasBegun(count))
    #expect(stop())
  }

  @Test func onePlaceThatComesFreeIsUsed() {
    let (first, others) = (Stuck(), Stuck())
    endings.add(0, after: answers) { first.run() }
    #expect(first.hasBegun(1))
    for number in 1...PeerEndings.maximumAbandoned { endings.add(UInt64(number), after: answers) { others.run() } }
    for number in 1...PeerEndings.maximumAbandoned {
      time.advance(by: PeerEndings.patience + .milliseconds(1))
      endings.tick()
      #expect(others.hasBegun(number))
    }
    // The last one waits: all places are taken.
    time.advance(by: PeerEndings.patience + .milliseconds(1))
    endings.tick()
    let ended = Monitor(false)
    endings.add(99, after: answers) { ended.change { $0 = true } }
    first.letGo()
    for _ in 0..<1000 where endings.count > PeerEndings.maximumAbandoned + 1 {
      loop.runOnce(waitingAtMost: .milliseconds(10))
    }
    endings.tick()
    #expect(ended.wait(atMost: .seconds(10)) { $0 ? true : nil } == true)
    others.letGo()
    #expect(stop())
  }

  /// While the process stops, nothing may be freed on the loop's thread.
  @Test func afterTheStopNothingIsEnded() {
    #expect(stop())
    let ended = Monitor(false)
    endings.add(1, after: answers) { ended.change { $0 = true } }
    #expect(!ended.withLock { $0 })
  }
}
