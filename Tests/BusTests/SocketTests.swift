import Messages
import Testing

@testable import Bus

struct SocketTests {
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
