import Glibc
import Messages
import Testing

@testable import Bus

struct SocketTests {
  /// A descriptor that stays readable would have the loop spin, whether anything is sent or not.
  @Test func socketsThatOnlySendLetTheLoopSleep() throws {
    let fixture = try BusFixture()
    let bus = try fixture.makeBus()
    var received = 0
    let pull = try PullSocket(bus, at: .observations, highWaterMark: 10) { _ in received += 1 }
    let push = try PushSocket(bus, to: .observations, highWaterMark: 10)
    let publish = try PublishSocket(bus, at: .livePoses, highWaterMark: 10)
    let subscribe = try SubscribeSocket(bus, to: .livePoses, highWaterMark: 10) { _, _ in received += 1 }
    let session = try #require(SessionID("s"))
    #expect(push.push([BusMessage([1])]))
    #expect(
      fixture.run {
        publish.publish(BusMessage([2]), of: session)
        return received >= 2
      })
    #expect(
      fixture.run {
        var idle = pollfd(fd: fixture.loop.pollDescriptor, events: Int16(POLLIN), revents: 0)
        return poll(&idle, 1, 20) == 0
      }, "the loop always finds something to do")
    withExtendedLifetime((pull, push, publish, subscribe)) {}
  }

  @Test func pushedMessagesArriveInOrder() throws {
    let fixture = try BusFixture()
    let bus = try fixture.makeBus()
    var received: [UInt8] = []
    let pull = try PullSocket(bus, at: .observations, highWaterMark: 1000) { received += $0[0].bytes }
    let push = try PushSocket(bus, to: .observations, highWaterMark: 1000)
    for number in 0..<100 { #expect(push.push([BusMessage([UInt8(number)])])) }
    #expect(fixture.run { received.count == 100 })
    #expect(received == Array(0..<100))
    withExtendedLifetime(pull) {}
  }

  @Test func aFullQueueRefusesInsteadOfWaiting() throws {
    let fixture = try BusFixture()
    let push = try PushSocket(try fixture.makeBus(), to: .observations, highWaterMark: 10)
    var accepted = 0
    while accepted < 1000, push.push([BusMessage([1])]) { accepted += 1 }
    #expect(accepted == 10)
  }

  @Test func aClientThatHasGoneIsToldOf() throws {
    let fixture = try BusFixture()
    let bus = try fixture.makeBus()
    var peers: [PeerIdentity] = []
    let server = try DuplexServer(bus, at: .tokens, highWaterMark: 100) { peer, _ in peers.append(peer) }
    var leaving: DuplexClient? = try DuplexClient(bus, to: .tokens, highWaterMark: 10) { _ in }
    #expect(leaving?.send([BusMessage([1])]) == true)
    #expect(fixture.run { peers.count == 1 })
    leaving = nil
    #expect(fixture.run { !server.send([BusMessage([0])], to: peers[0]) })
  }

  @Test func aListenerHearsWhatIsPublishedUnderItsSession() throws {
    let fixture = try BusFixture()
    let bus = try fixture.makeBus()
    let publisher = try PublishSocket(bus, at: .livePoses, highWaterMark: 10)
    var heard: [String] = []
    let listener = try SubscribeSocket(bus, to: .livePoses, highWaterMark: 10) { session, payload in
      heard.append("\(session.text):\(String(decoding: payload.bytes, as: UTF8.self))")
    }
    // A subscription takes effect a moment after connecting: speak until it is heard.
    #expect(
      fixture.run {
        publisher.publish(BusMessage("x".utf8), of: SessionID("s1")!)
        return !heard.isEmpty
      })
    #expect(heard.first == "s1:x")
    withExtendedLifetime(listener) {}
  }

  @Test func bothSidesOfADuplexLinkMaySpeak() throws {
    let fixture = try BusFixture()
    let bus = try fixture.makeBus()
    var server: DuplexServer?
    server = try DuplexServer(bus, at: .phoneLinks(instance: 1), highWaterMark: 100) { peer, parts in
      for number in parts[0].bytes { _ = server?.send([BusMessage([number + 1])], to: peer) }
    }
    var answers: [UInt8] = []
    let client = try DuplexClient(bus, to: .phoneLinks(instance: 1), highWaterMark: 100) { answers += $0[0].bytes }
    #expect(client.send([BusMessage([1, 5])]))
    #expect(fixture.run { answers == [2, 6] })
    server = nil
  }
}
