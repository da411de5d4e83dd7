/// A phone's offer, read strictly: one data channel section and nothing else (RFC 8841, RFC 8829).
///
/// Only what is read here reaches webrtcbin, written anew by `sdp`: it asserts on descriptions that it does not expect,
/// and would look names of hosts up.
struct OfferDescription: Equatable, Sendable {
  /// What stays the same as long as it is the same RTCPeerConnection.
  struct Identity: Hashable, Sendable {
    let sessionNumber: String
    let fingerprint: String
  }

  enum Refusal: Error, Equatable, Sendable {
    case tooLarge(limit: Int)
    case malformed(line: String)
    case noDataChannel
    case mediaOffered
    case missing(String)
  }

  static let maximumBytes = 64 * 1024
  /// libnice keeps no more of them.
  static let maximumCandidates = 25

  let identity: Identity
  let sessionVersion: String
  let mid: String
  let ufrag: String
  let password: String
  /// actpass or active; webrtcbin then waits for the phone's DTLS hello.
  let setup: String
  let sctpPort: UInt16
  let maximumMessageSize: UInt64?
  /// `candidate:…` as offered; those that name a host instead of an address are left out.
  let candidates: [String]
  let hasAllCandidates: Bool

  init(parsing text: String) throws(Refusal) {
    guard text.utf8.count <= Self.maximumBytes else { throw .tooLarge(limit: Self.maximumBytes) }
    var reader = Reader()
    for line in text.split(whereSeparator: \.isNewline) { try reader.read(line) }
    self = try reader.finish()
  }

  fileprivate init(_ reader: Reader, identity: Identity, ufrag: String, password: String, sctpPort: UInt16) {
    self.identity = identity
    sessionVersion = reader.sessionVersion
    mid = reader.values["mid"] ?? "0"
    self.ufrag = ufrag
    self.password = password
    setup = reader.values["setup"] ?? "actpass"
    self.sctpPort = sctpPort
    maximumMessageSize = reader.values["max-message-size"].flatMap { UInt64($0) }
    candidates = reader.candidates
    hasAllCandidates = reader.values["end-of-candidates"] != nil
  }

  /// The description that webrtcbin is given.
  var sdp: String {
    var lines = [
      "v=0", "o=- \(identity.sessionNumber) \(sessionVersion) IN IP4 127.0.0.1", "s=-", "t=0 0",
      "a=group:BUNDLE \(mid)",
      "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", "a=ice-ufrag:\(ufrag)",
      "a=ice-pwd:\(password)", "a=ice-options:trickle", "a=fingerprint:\(identity.fingerprint)", "a=setup:\(setup)",
      "a=mid:\(mid)", "a=sctp-port:\(sctpPort)",
    ]
    if let maximumMessageSize { lines.append("a=max-message-size:\(maximumMessageSize)") }
    lines += candidates.map { "a=\($0)" }
    if hasAllCandidates { lines.append("a=end-of-candidates") }
    return lines.joined(separator: "\r\n") + "\r\n"
  }
}

private struct Reader {
  private static let wanted: Set<String> = [
    "mid", "ice-ufrag", "ice-pwd", "fingerprint", "setup", "sctp-port", "max-message-size", "end-of-candidates",
  ]

  private(set) var values: [String: String] = [:]
  private(set) var candidates: [String] = []
  private(set) var sessionVersion = "0"
  private var sessionNumber: String?
  private var hasVersion = false
  private var sections = 0

  mutating func read(_ line: Substring) throws(OfferDescription.Refusal) {
    let bytes = line.utf8
    guard bytes.count >= 2, bytes[bytes.index(after: bytes.startIndex)] == UInt8(ascii: "="),
      bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
    else { throw malformed(line) }
    let rest = line.dropFirst(2)
    guard hasVersion || line == "v=0" else { throw malformed(line) }
    switch line.first {
    case "v": hasVersion = true
    case "o": try readOrigin(line)
    case "m": try readMedia(rest)
    case "a": try readAttribute(rest)
    default: return
    }
  }

  private func malformed(_ line: Substring) -> OfferDescription.Refusal { .malformed(line: String(line.prefix(40))) }

  private mutating func readOrigin(_ line: Substring) throws(OfferDescription.Refusal) {
    let fields = line.split(separator: " ")
    guard fields.count == 6, fields[1...2].allSatisfy({ $0.count <= 20 && $0.allSatisfy(\.isNumber) }) else {
      throw malformed(line)
    }
    (sessionNumber, sessionVersion) = (String(fields[1]), String(fields[2]))
  }

  private mutating func readMedia(_ media: Substring) throws(OfferDescription.Refusal) {
    sections += 1
    let fields = media.split(separator: " ")
    guard fields.first == "application" else { throw .mediaOffered }
    guard sections == 1, fields.count == 4, ["UDP/DTLS/SCTP", "TCP/DTLS/SCTP", "DTLS/SCTP"].contains(fields[2]),
      fields[3] == "webrtc-datachannel"
    else { throw .noDataChannel }
  }

  /// Attributes before the first section hold for it too.
  private mutating func readAttribute(_ attribute: Substring) throws(OfferDescription.Refusal) {
    let parts = attribute.split(separator: ":", maxSplits: 1)
    guard let name = parts.first.map(String.init) else { return }
    if name == "candidate" {
      if let candidate = IceCandidate(String(attribute)), candidates.count < OfferDescription.maximumCandidates {
        candidates.append(candidate.text)
      }
    } else if Self.wanted.contains(name) {
      values[name] = parts.count == 2 ? String(parts[1]) : ""
    }
  }

  func finish() throws(OfferDescription.Refusal) -> OfferDescription {
    guard let sessionNumber else { throw .missing("o=") }
    guard sections == 1 else { throw .noDataChannel }
    let ufrag = try value("ice-ufrag", 4...256) { $0.isIceCharacter }
    let password = try value("ice-pwd", 22...256) { $0.isIceCharacter }
    _ = try value("mid", 1...32) { $0.isIceCharacter || $0 == "-" || $0 == "_" }
    let fingerprint = try value("fingerprint", 16...256) { $0.isHexDigit || " :-shaSHA".contains($0) }
    let hash = fingerprint.split(separator: " ")
    guard hash.count == 2, ["sha-256", "sha-384", "sha-512"].contains(hash[0].lowercased()) else {
      throw .malformed(line: "a=fingerprint")
    }
    guard ["actpass", "active"].contains(values["setup"] ?? "actpass") else { throw .malformed(line: "a=setup") }
    guard let port = UInt16(values["sctp-port"] ?? "5000"), port > 0 else { throw .malformed(line: "a=sctp-port") }
    return OfferDescription(
      self, identity: .init(sessionNumber: sessionNumber, fingerprint: fingerprint), ufrag: ufrag, password: password,
      sctpPort: port)
  }

  private func value(
    _ name: String, _ length: ClosedRange<Int>, _ isAllowed: (Character) -> Bool
  ) throws(OfferDescription.Refusal) -> String {
    guard let value = values[name] else { throw .missing("a=\(name)") }
    guard length.contains(value.utf8.count), value.allSatisfy(isAllowed) else { throw .malformed(line: "a=\(name)") }
    return value
  }
}

extension Character {
  /// ice-char of RFC 8839: letters, digits, + and /.
  fileprivate var isIceCharacter: Bool { isASCII && (isLetter || isNumber || self == "+" || self == "/") }
}
