/// Base64url without padding (RFC 4648, section 5), as JSON Web Tokens use it.
///
/// Own code, because what a token needs is strictness: one text for one value. OpenSSL's decoder takes the other
/// alphabet, wants padding and skips white space.
public enum Base64URL {
  public static func encode(_ bytes: some Collection<UInt8>) -> String {
    var text: [UInt8] = []
    append(bytes, to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Appends the text of `bytes` as ASCII.
  public static func append(_ bytes: some Collection<UInt8>, to text: inout [UInt8]) {
    var pending: UInt32 = 0
    var bits: UInt32 = 0
    for byte in bytes {
      pending = (pending << 8 | UInt32(byte)) & 0xFFFF
      bits += 8
      while bits >= 6 {
        bits -= 6
        text.append(letter(pending >> bits & 63))
      }
    }
    if bits > 0 { text.append(letter(pending << (6 - bits) & 63)) }
  }

  /// nil for a character outside the alphabet, padding, an impossible length, or left-over bits that are not zero:
  /// there is exactly one text for every value.
  public static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count * 3 / 4)
    var pending: UInt32 = 0
    var bits: UInt32 = 0
    for character in text {
      guard let value = value(of: character) else { return nil }
      pending = (pending << 6 | value) & 0xFFFF
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: pending >> bits))
      }
    }
    guard pending & ((1 << bits) - 1) == 0 else { return nil }
    return bytes
  }

  private static func letter(_ value: UInt32) -> UInt8 {
    switch UInt8(value) {
    case let v where v < 26: UInt8(ascii: "A") + v
    case let v where v < 52: UInt8(ascii: "a") + v - 26
    case let v where v < 62: UInt8(ascii: "0") + v - 52
    case 62: UInt8(ascii: "-")
    default: UInt8(ascii: "_")
    }
  }

  private static func value(of character: UInt8) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a") + 26)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0") + 52)
    case UInt8(ascii: "-"): 62
    case UInt8(ascii: "_"): 63
    default: nil
    }
  }
}
