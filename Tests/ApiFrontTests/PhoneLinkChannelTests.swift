import Bus
import Messages
import Runtime
import TestFolders
import Testing
import Timing

@testable import ApiFront

/// A stream-svc instance that reads only when the test lets it, and the channel to it, each on a loop of its own.
private final class Fixture {
  private let folder = TemporaryFolder()
  private let time = ManualTimeSource()
  private let near: EventLoop
  private let far: EventLoop
  private var server: DuplexServer?
  private var peer: PeerIdentity?
  let channel: PhoneLinkChannel
  /// What arrived, in order.
  private(set) var heard: [PhoneLinkKind] = []

  init() throws {
    near = try EventLoop(time: time)
    far = try EventLoop()
    let log = Log(name: "test", level: .error) { _ in }
    channel = try PhoneLinkChannel(
      try BusContext(loop: near, directory: folder.path, log: log, metrics: Metrics()), instance: 1, metrics: Metrics())
    server = try DuplexServer(
      try BusContext(loop: far, directory: folder.path, log: log, metrics: Metrics()), at: .phoneLinks(instance: 1),
      highWaterMark: 8
    ) { [unowned self] peer, parts in
      self.peer = peer
      guard
        let header = try? parts[0].withUnsafeBytes({ bytes throws(DecodingFailure) in
          try PhoneLinkHeader(decoding: bytes)
        })
      else { return }
      heard.append(header.kind)
      if header.kind == .ping { say(.pong, [1]) }
    }
  }

  func say(_ kind: PhoneLinkKind, link: UInt64 = 0, _ payload: [UInt8]? = nil) {
    let header = BusMessage(PhoneLinkHeader(kind: kind, link: link, at: time.now()).encoded())
    guard let peer, let server else { return }
    #expect(server.send(payload.map { [header, BusMessage($0)] } ?? [header], to: peer))
  }

  func pass(_ duration: Duration) { time.advance(by: duration) }

  /// Runs the channel, and the instance too if it is to read, until `condition`.
  func run(reading: Bool = true, _ what: Comment, until condition: () -> Bool) throws {
    let deadline = far.time.now().advanced(by: .seconds(10))
    while !condition() {
      try #require(far.time.now() < deadline, what)
      near.runOnce(waitingAtMost: .milliseconds(5))
      if reading { far.runOnce(waitingAtMost: .milliseconds(5)) }
    }
  }

  /// Sends until nothing is taken any more, not even what makes room on its way to the instance.
  func fill(link: UInt64) throws {
    let payload = BusMessage([UInt8](repeating: 0, count: 40_000))
    var refusals = 0
    try run(reading: false, "to be full") {
      let isTaken = channel.send(.text, link: link, payload, at: time.now())
      refusals = isTaken ? 0 : refusals + 1
      return refusals >= 200
    }
  }
}

private final class Owner: PhoneLinkOwner {
  let opening = PhoneLinkOpen(
    key: DeviceKey(session: SessionID("s1")!, device: DeviceID("d1")!), transport: .http, metadata: DeviceMetadata(),
    mode: .threeD, anchor: UTCAnchor(sessionTime: .zero, utcMicroseconds: 0))
  private(set) var texts = 0

  func receivedText(_ text: [UInt8]) { texts += 1 }
  func closedByStream(_ error: ServiceError) {}
  func channelIsReady() {}
}

@Suite struct PhoneLinkChannelTests {
  /// The instance asks for a link to be opened, as for each message that came before the opening did; the last of these
  /// questions comes late, when the opening has arrived and the way is full. It knows the link, and nothing else tells it.
  @Test func aLinkThatIsToBeOpenedAgainIsClosedToo() throws {
    let fixture = try Fixture()
    let owner = Owner()
    try fixture.run("an answer") { fixture.channel.isAlive }
    fixture.channel.add(owner, link: 7)
    try fixture.run("the opening") { fixture.heard.contains(.open) }

    try fixture.fill(link: 7)
    fixture.pass(.milliseconds(1100))
    fixture.say(.reopen, link: 7)
    fixture.say(.textDown, link: 7, [])
    try fixture.run(reading: false, "the question") { owner.texts > 0 }
    fixture.channel.remove(link: 7)

    try fixture.run("the closing") {
      fixture.pass(.milliseconds(10))
      return fixture.heard.contains(.close)
    }
  }
}
