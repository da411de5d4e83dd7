import Messages

/// The lexical half of `FlatJSON`.
struct FlatJSONReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Whether nothing but white space is left.
  var isAtEnd: Bool {
    mutating get {
      skipWhiteSpace()
      return position == bytes.count
    }
  }

  mutating func take(_ symbol: Unicode.Scalar) -> Bool {
    skipWhiteSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: symbol) else { return false }
    position += 1
    return true
  }

  mutating func value() -> FlatJSON.Value? {
    skipWhiteSpace()
    guard position < bytes.count else { return nil }
    switch bytes[position] {
    case UInt8(ascii: "\""): return string().map { .string($0) }
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return integer().map { .integer($0) }
    default: return literal() ? .literal : nil
    }
  }

  /// A string without escapes: no name or value of ours needs one.
  mutating func string() -> String? {
    guard take("\"") else { return nil }
    let start = position
    while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
      guard bytes[position] >= 0x20, bytes[position] != UInt8(ascii: "\\") else { return nil }
      position += 1
    }
    guard position < bytes.count else { return nil }
    defer { position += 1 }
    return String(strictUTF8: bytes[start..<position])
  }

  private mutating func integer() -> Int64? {
    let start = position
    if bytes[position] == UInt8(ascii: "-") { position += 1 }
    let digits = position
    while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) { position += 1 }
    // No empty number, no leading zero; a fraction or exponent fails at the comma that is not there.
    guard position > digits, position - digits == 1 || bytes[digits] != UInt8(ascii: "0") else { return nil }
    return Int64(String(decoding: bytes[start..<position], as: UTF8.self))
  }

  private mutating func literal() -> Bool {
    for word in ["true", "false", "null"] where bytes[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return true
    }
    return false
  }

  private mutating func skipWhiteSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }
}
