import Testing

@testable import StreamService

/// What a phone may offer. The offers are those of Chromium 150 and of aiortc, with their addresses changed.
@Suite struct OfferDescriptionTests {
  static let chromium = """
    v=0
    o=- 8011306318460526104 2 IN IP4 127.0.0.1
    s=-
    t=0 0
    a=group:BUNDLE 0
    a=extmap-allow-mixed
    a=msid-semantic: WMS
    m=application 58229 UDP/DTLS/SCTP webrtc-datachannel
    c=IN IP4 192.0.2.7
    a=candidate:3068137529 1 udp 2113937151 5d2a8a3c-56f5-4f0c-9c3e-a1b2c3d4e5f6.local 58229 typ host generation 0 network-cost 999
    a=candidate:842163049 1 udp 1677729535 192.0.2.7 58229 typ srflx raddr 0.0.0.0 rport 0 generation 0 network-cost 999
    a=ice-ufrag:VQ+j
    a=ice-pwd:0Yl9xkPDHxEbyRzOUq4mYT/B
    a=ice-options:trickle
    a=fingerprint:sha-256 3C:4A:AA:DA:3A:F5:7F:B1:60:B2:1A:BC:96:53:1C:7D:5B:2D:5C:9A:3D:4C:11:22:33:44:55:66:77:88:99:AA
    a=setup:actpass
    a=mid:0
    a=sctp-port:5000
    a=max-message-size:262144
    """

  @Test func aBrowsersOfferIsRead() throws {
    let offer = try OfferDescription(parsing: Self.chromium.replacing("\n", with: "\r\n"))
    #expect(offer.identity.sessionNumber == "8011306318460526104")
    #expect(offer.identity.fingerprint.hasPrefix("sha-256 3C:4A"))
    #expect(offer.ufrag == "VQ+j" && offer.password == "0Yl9xkPDHxEbyRzOUq4mYT/B")
    #expect(offer.mid == "0" && offer.sctpPort == 5000 && offer.maximumMessageSize == 262144)
    // The one that hides the address behind a name is left out.
    #expect(offer.candidates.count == 1 && offer.candidates[0].contains("typ srflx"))
    #expect(!offer.hasAllCandidates)
  }

  @Test func whatIsWrittenIsReadAlike() throws {
    let offer = try OfferDescription(parsing: Self.chromium)
    #expect(try OfferDescription(parsing: offer.sdp) == offer)
  }

  @Test(arguments: [
    ("a=ice-ufrag:VQ+j\n", "", OfferDescription.Refusal.missing("a=ice-ufrag")),
    ("a=ice-pwd:0Yl9xkPDHxEbyRzOUq4mYT/B\n", "", .missing("a=ice-pwd")),
    ("a=mid:0\n", "", .missing("a=mid")),
    ("a=ice-ufrag:VQ+j", "a=ice-ufrag:V", .malformed(line: "a=ice-ufrag")),
    ("a=ice-pwd:0Yl9xkPDHxEbyRzOUq4mYT/B", "a=ice-pwd:short", .malformed(line: "a=ice-pwd")),
    ("a=mid:0", "a=mid:a b", .malformed(line: "a=mid")),
    ("sha-256 3C", "md5 3C", .malformed(line: "a=fingerprint")),
    ("a=setup:actpass", "a=setup:passive", .malformed(line: "a=setup")),
    ("a=sctp-port:5000", "a=sctp-port:70000", .malformed(line: "a=sctp-port")),
    ("o=- 8011306318460526104 2 IN IP4 127.0.0.1\n", "", .missing("o=")),
    ("o=- 8011306318460526104", "o=- x", .malformed(line: "o=- x 2 IN IP4 127.0.0.1")),
    ("webrtc-datachannel", "5000", .noDataChannel),
    ("m=application", "m=video", .mediaOffered),
    ("v=0\n", "", .malformed(line: "o=- 8011306318460526104 2 IN IP4 127.0.0")),
    ("s=-", "s", .malformed(line: "s")),
    ("s=-", "s=\u{7}", .malformed(line: "s=\u{7}")),
  ])
  func everyFaultHasItsRefusal(_ change: (from: String, to: String, refusal: OfferDescription.Refusal)) {
    #expect(throws: change.refusal) {
      try OfferDescription(parsing: Self.chromium.replacing(change.from, with: change.to))
    }
  }

  @Test func nothingAndTooMuchAreRefused() {
    #expect(throws: OfferDescription.Refusal.missing("o=")) { try OfferDescription(parsing: "") }
    #expect(throws: OfferDescription.Refusal.noDataChannel) {
      try OfferDescription(parsing: "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\n")
    }
    #expect(throws: OfferDescription.Refusal.tooLarge(limit: OfferDescription.maximumBytes)) {
      try OfferDescription(parsing: Self.chromium + "\na=x:" + String(repeating: "x", count: 70_000))
    }
    #expect(throws: OfferDescription.Refusal.noDataChannel) {
      try OfferDescription(parsing: Self.chromium + "\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel")
    }
  }

  @Test func candidatesAreBounded() throws {
    let many = (0..<500).map { "a=candidate:1 1 udp 1 192.0.2.1 \($0 + 1) typ host" }.joined(separator: "\n")
    let offer = try OfferDescription(parsing: Self.chromium + "\n" + many)
    #expect(offer.candidates.count == OfferDescription.maximumCandidates)
  }

  @Test(arguments: [
    "candidate:1 1 udp 1 192.0.2.1 9 typ host", "candidate:1 1 UDP 1 fd00::2 9 typ host generation 0",
    "candidate:1 1 udp 1 192.0.2.1 9 typ relay raddr 192.0.2.3 rport 4",
  ])
  func goodCandidatesAreTaken(_ text: String) { #expect(IceCandidate(text)?.text == text) }

  @Test(arguments: [
    "", "candidate:", "candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active",
    "candidate:1 2 udp 1 192.0.2.1 9 typ host",
    "candidate:1 1 udp 1 phone.local 9 typ host", "candidate:1 1 udp 1 192.0.2.256 9 typ host",
    "candidate:1 1 udp 1 192.0.2.1 99999 typ host", "candidate:1 1 udp 1 192.0.2.1 9 typ",
    "candidate:1 1 udp 1 192.0.2.1 9 typ other", "a=candidate:1 1 udp 1 192.0.2.1 9 typ host",
    "candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=evil",
  ])
  func otherCandidatesAreNot(_ text: String) { #expect(IceCandidate(text) == nil) }

  @Test func credentialsTakeTheirPlaceInAnAnswer() {
    let answer = "v=0\r\na=ice-ufrag:old\r\na=ice-pwd:older\r\na=mid:0\r\n"
    let changed = IceCredentials(ufrag: "new", password: "newer").replacing(in: answer)
    #expect(changed == "v=0\r\na=ice-ufrag:new\r\na=ice-pwd:newer\r\na=mid:0\r\n")
  }
}
