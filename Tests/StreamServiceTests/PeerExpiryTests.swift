import Messages
import Testing
import Timing

@testable import Runtime
@testable import StreamService

/// stream-svc may not ask token-svc: when a token expires, it ends the connection by what api-front said of the token.
@Suite struct PeerExpiryTests {
  private let time = ManualTimeSource()
  private let loop: EventLoop
  private let peers: PeerLinks

  init() throws {
    loop = try EventLoop(time: time)
    // No peer is made: the thread that would make them has ended.
    let thread = PeerThread("webrtc")
    #expect(thread.stop(within: .seconds(10)))
    peers = PeerLinks(
      loop: loop, log: Log(name: "stream-svc@1", level: .error) { _ in }, metrics: PeerMetrics(Metrics()),
      configuration: PeerLinks.Configuration(), makeThread: { thread })
  }

  private func offer(expiresIn seconds: Int64, _ told: @escaping (String) -> Void) {
    let opening = PhoneLinkOpen(
      key: DeviceKey(session: SessionID("s1")!, device: DeviceID("d1")!), transport: .webrtc,
      metadata: DeviceMetadata(), mode: .threeD, anchor: UTCAnchor(readFrom: time))
    let request = SignalOffer(
      opening: opening, sdp: OfferDescriptionTests.chromium,
      tokenExpiresAt: time.utcMicroseconds() / 1_000_000 + seconds)
    peers.offer(request) { result in
      switch result {
      case .success: told("answered")
      case .failure(let error): told("\(error.status) \(error.code)")
      }
    }
  }

  @Test func aConnectionEndsWhenItsTokenExpires() {
    var told: [String] = []
    offer(expiresIn: 10) { told.append($0) }
    time.advance(by: .milliseconds(9_999))
    peers.tick()
    #expect(told == [])
    time.advance(by: .milliseconds(1))
    peers.tick()
    #expect(told == ["401 token_expired"])
  }

  @Test func aNewerTokenOfTheSameConnectionCounts() {
    var told: [String] = []
    offer(expiresIn: 10) { told.append($0) }
    time.advance(by: .seconds(5))
    offer(expiresIn: 20) { told.append($0) }
    time.advance(by: .seconds(19))
    peers.tick()
    #expect(told == [])
    time.advance(by: .seconds(1))
    peers.tick()
    #expect(told == ["401 token_expired", "401 token_expired"])
  }
}
