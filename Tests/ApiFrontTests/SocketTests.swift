import Bus
import Messages
import Testing
import Timing

@testable import ApiFront

@Suite struct SocketTests {
  private let start = SessionTime(microseconds: 10_000_000)
  private func after(_ milliseconds: Int) -> SessionTime { start.advanced(by: .milliseconds(milliseconds)) }

  // MARK: Health of a stream instance

  @Test func theFirstAnswerOpensTheLinks() {
    var health = ChannelHealth()
    #expect(!health.isAlive)
    #expect(health.tick(start) == .none)
    #expect(health.pong(boot: [1], at: start) == .restarted)
    #expect(health.isAlive)
    #expect(health.pong(boot: [1], at: after(500)) == .none)
  }

  @Test func silenceHoldsBackAndAnAnswerGoesOn() {
    var health = ChannelHealth()
    _ = health.pong(boot: [1], at: start)
    #expect(health.tick(after(1600)) == .none)
    #expect(health.tick(after(1601)) == .away)
    #expect(health.tick(after(2100)) == .none)
    #expect(!health.isAlive)
    #expect(health.pong(boot: [1], at: after(2600)) == .resumed)
  }

  @Test func anotherBootOpensTheLinksAgain() {
    var health = ChannelHealth()
    _ = health.pong(boot: [1], at: start)
    #expect(health.pong(boot: [2], at: after(500)) == .restarted)
    _ = health.tick(after(5000))
    #expect(health.pong(boot: [3], at: after(6000)) == .restarted)
  }

  // MARK: What waits for a phone

  private func ack(_ number: Int) -> OutboundQueue.Item {
    .text(ServerMessage.ack(sequence: UInt32(number)).encoded())
  }

  @Test func onlyTheNewestAcknowledgementIsKept() {
    var queue = OutboundQueue()
    for number in 1...1000 { #expect(queue.add(ack(number)) == true) }
    #expect(queue.next() == ack(1000))
    #expect(queue.next() == nil)
    #expect(queue.isEmpty)
  }

  @Test func otherTextsKeepTheirOrder() {
    var queue = OutboundQueue()
    let welcome = OutboundQueue.Item.text(ServerMessage.welcome(nextSequence: 3).encoded())
    let clock = OutboundQueue.Item.clock(id: 1, t0: 2, t1: 3)
    for item in [ack(1), welcome, clock, ack(2)] { #expect(queue.add(item) == true) }
    #expect(queue.next() == welcome)
    #expect(queue.next() == clock)
    #expect(queue.next() == ack(2))
  }

  @Test func aPhoneThatDoesNotReadFillsItsQueue() {
    var queue = OutboundQueue()
    for number in 0..<OutboundQueue.capacity { #expect(queue.add(.clock(id: UInt32(number), t0: 0, t1: 0)) == true) }
    #expect(queue.add(.clock(id: 0, t0: 0, t1: 0)) == false)
    #expect(queue.add(ack(1)) == true)
  }

  @Test func acknowledgementsOfUploads() {
    #expect(UploadReply(ServerMessage.ack(sequence: 9).encoded()) == .recorded(through: 9))
    #expect(UploadReply(ServerMessage.welcome(nextSequence: 5).encoded()) == .wanted(5))
    guard case .refused(let full) = UploadReply(ServerMessage.error(code: "disk_full", message: "m").encoded()) else {
      Issue.record("a full disk is a refusal")
      return
    }
    #expect(full.code == "disk_full" && full.status == 503)
    #expect(UploadReply(ServerMessage.command(name: "stop").encoded()) == nil)
    #expect(UploadReply(Array("nonsense".utf8)) == nil)
    guard case .refused(let error) = UploadReply(ServerMessage.error(code: "bad", message: "m").encoded()) else {
      Issue.record("an error is a refusal")
      return
    }
    #expect(error.code == "bad" && error.status == 400)
  }

  // MARK: Putting messages together

  private func add(
    _ assembly: inout MessageAssembly, _ bytes: [UInt8], first: Bool, last: Bool, binary: Bool = true, left: Int = 0
  ) -> MessageAssembly.Outcome {
    bytes.withUnsafeBytes {
      assembly.add(
        WebSocketPart(bytes: $0, isFirst: first, isLast: last, isBinary: binary, remainingInFrame: left))
    }
  }

  @Test func oneFrameInPieces() {
    var assembly = MessageAssembly(maximumBinary: 10, maximumText: 5)
    guard case .incomplete = add(&assembly, [1, 2, 3], first: true, last: false, left: 2) else {
      Issue.record("more is to come")
      return
    }
    guard case .binary(let message) = add(&assembly, [4, 5], first: false, last: true) else {
      Issue.record("it is whole")
      return
    }
    #expect(message.bytes == [1, 2, 3, 4, 5])
  }

  @Test func severalFramesOfUnknownTotal() {
    var assembly = MessageAssembly(maximumBinary: 10, maximumText: 5)
    _ = add(&assembly, [1, 2], first: true, last: false)
    _ = add(&assembly, [3], first: false, last: false, left: 1)
    _ = add(&assembly, [4], first: false, last: false)
    guard case .binary(let message) = add(&assembly, [], first: false, last: true) else {
      Issue.record("it is whole")
      return
    }
    #expect(message.bytes == [1, 2, 3, 4])
  }

  @Test func aMessageTooLongIsToldOnceAndTheNextIsRead() {
    var assembly = MessageAssembly(maximumBinary: 4, maximumText: 2)
    guard case .tooLong = add(&assembly, [1], first: true, last: false, left: 9) else {
      Issue.record("its length is known from the start")
      return
    }
    guard case .incomplete = add(&assembly, [2, 3], first: false, last: false, left: 7),
      case .incomplete = add(&assembly, [4], first: false, last: true)
    else {
      Issue.record("the rest is dropped in silence")
      return
    }
    guard case .text(let message) = add(&assembly, [7, 8], first: true, last: true, binary: false) else {
      Issue.record("the next message is whole")
      return
    }
    #expect(message.bytes == [7, 8])
    guard case .tooLong = add(&assembly, [7, 8, 9], first: true, last: true, binary: false) else {
      Issue.record("texts have their own limit")
      return
    }
    guard case .empty = add(&assembly, [], first: true, last: true) else {
      Issue.record("an empty message is told apart")
      return
    }
  }
}
