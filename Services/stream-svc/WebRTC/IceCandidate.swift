/// One ICE candidate, `candidate:…` (RFC 8839, section 5.1), checked so that libnice may read it.
///
/// Over UDP and with an address. Browsers hide a phone's own address behind a name ending in `.local` unless the page has the
/// camera; such a candidate is passed over, and the phone found by the checks that it sends itself.
struct IceCandidate: Equatable, Sendable {
  let text: String

  static let maximumBytes = 512

  init?(_ text: String) {
    guard text.utf8.count <= Self.maximumBytes, text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }),
      text.hasPrefix("candidate:")
    else { return nil }
    let fields = text.dropFirst("candidate:".count).split(separator: " ")
    guard fields.count >= 8, fields[0].count <= 32, UInt16(fields[1]) == 1, fields[2].lowercased() == "udp",
      UInt32(fields[3]) != nil, Self.isAddress(fields[4]), UInt16(fields[5]) != nil, fields[6] == "typ",
      ["host", "srflx", "prflx", "relay"].contains(fields[7])
    else { return nil }
    self.text = text
  }

  private static func isAddress(_ text: Substring) -> Bool {
    let isIPv6 = text.contains(":") && text.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return isIPv6 || parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
  }
}
