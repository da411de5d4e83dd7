/// The shape of web origins in settings (RFC 6454, section 6.1).
enum OriginShape {
  /// Whether `text` is `http://` or `https://`, a host and perhaps a port, with nothing after it, as browsers send it.
  static func isOrigin(_ text: String) -> Bool {
    guard let prefix = ["https://", "http://"].first(where: { text.hasPrefix($0) }) else { return false }
    let authority = text.dropFirst(prefix.count)
    return !authority.isEmpty
      && authority.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"),
          UInt8(ascii: "["), UInt8(ascii: "]"):
          true
        default: false
        }
      }
  }

  /// Whether `text` is an origin, perhaps with a path behind it, but neither query nor fragment.
  static func isAddress(_ text: String) -> Bool {
    let parts = text.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count >= 3, isOrigin(parts[..<3].joined(separator: "/")) else { return false }
    return text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
  }
}
