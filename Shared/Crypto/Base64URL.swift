/// Base64url without padding (RFC 4648, section 5), as JSON Web Tokens use it.
///
/// Own code, because what a token needs is strictness: one text for one value. OpenSSL's decoder takes the other
/// alphabet, wants padding and skips white space. Concrete types, because generic ones cost ten times as much across
/// modules.
public enum Base64URL {
  private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
  private static let notInAlphabet: UInt8 = 0xFF
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: notInAlphabet, count: 256)
    for value in 0..<64 { values[Int(alphabet.utf8Start[value])] = UInt8(value) }
    return values
  }()

  public static func encode(_ bytes: [UInt8]) -> String { encode(bytes[...]) }

  public static func encode(_ bytes: ArraySlice<UInt8>) -> String {
    var text: [UInt8] = []
    append(bytes, to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Appends the text of `bytes` as ASCII.
  public static func append(_ bytes: ArraySlice<UInt8>, to text: inout [UInt8]) {
    let letters = alphabet.utf8Start
    var pending: UInt32 = 0
    var bits: UInt32 = 0
    for byte in bytes {
      pending = (pending << 8 | UInt32(byte)) & 0xFFFF
      bits += 8
      while bits >= 6 {
        bits -= 6
        text.append(letters[Int(pending >> bits & 63)])
      }
    }
    if bits > 0 { text.append(letters[Int(pending << (6 - bits) & 63)]) }
  }

  public static func decode(_ text: String) -> [UInt8]? { decode(Array(text.utf8)[...]) }

  /// nil for a character outside the alphabet, padding, an impossible length, or left-over bits that are not zero:
  /// there is exactly one text for every value.
  public static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    guard text.count % 4 != 1 else { return nil }
    // What is not in the alphabet leaves its high bits here, and so do left-over bits.
    var seen: UInt8 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: text.count * 3 / 4) { bytes, count in
      text.withUnsafeBufferPointer { text in
        values.withUnsafeBufferPointer { values in
          func value(_ index: Int) -> UInt32 {
            let value = values[Int(text[index])]
            seen |= value
            return UInt32(value)
          }
          func write(_ bits: UInt32) {
            bytes[count] = UInt8(truncatingIfNeeded: bits)
            count += 1
          }
          let whole = text.count & ~3
          var index = 0
          while index < whole {
            let bits = value(index) << 18 | value(index + 1) << 12 | value(index + 2) << 6 | value(index + 3)
            write(bits >> 16)
            write(bits >> 8)
            write(bits)
            index += 4
          }
          guard index < text.count else { return }
          let isLonger = text.count - index == 3
          let bits = value(index) << 12 | value(index + 1) << 6 | (isLonger ? value(index + 2) : 0)
          write(bits >> 10)
          if isLonger { write(bits >> 2) }
          if bits & (isLonger ? 0x3 : 0x3FF) != 0 { seen = notInAlphabet }
        }
      }
    }
    return seen < 64 ? bytes : nil
  }
}
