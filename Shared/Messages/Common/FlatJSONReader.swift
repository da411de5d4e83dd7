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

  /// Where the bytes of a string without escapes are: no name or value of ours needs one.
  mutating func string() -> Range<Int>? {
    guard take("\"") else { return nil }
    let start = position
    let length = bytes.withUnsafeBytes { Self.plainLength(UnsafeRawBufferPointer(rebasing: $0[start...])) }
    guard let length else { return nil }
    position = start + length + 1
    return start..<start + length
  }

  /// How many bytes there are before the quotation mark; nil without one, and where they are no UTF-8 or need an escape.
  private static func plainLength(_ text: UnsafeRawBufferPointer) -> Int? {
    var length = 0
    var isASCII = true
    while true {
      if length + 8 <= text.count, isPlain(text.loadUnaligned(fromByteOffset: length, as: UInt64.self)) {
        length += 8
        continue
      }
      guard length < text.count else { return nil }
      switch text[length] {
      case UInt8(ascii: "\""):
        let isWhole = isASCII || String(strictUTF8: UnsafeRawBufferPointer(rebasing: text[..<length])) != nil
        return isWhole ? length : nil
      case 0..<0x20, UInt8(ascii: "\\"): return nil
      case let byte:
        isASCII = isASCII && byte < 0x80
        length += 1
      }
    }
  }

  /// Whether all eight bytes are ASCII and neither a quotation mark, a backslash nor a control character. Now and then false
  /// where it could be true. Subtracting takes a byte's high bit from one that is too small (Warren, Hacker's Delight,
  /// section 6-1).
  private static func isPlain(_ bytes: UInt64) -> Bool {
    let each: UInt64 = 0x0101_0101_0101_0101
    let quotes = bytes ^ (each * 0x22)
    let backslashes = bytes ^ (each * 0x5C)
    let found =
      ((bytes &- each * 0x20) & ~bytes) | ((quotes &- each) & ~quotes) | ((backslashes &- each) & ~backslashes) | bytes
    return found & (each * 0x80) == 0
  }

  private mutating func integer() -> Int64? {
    let start = position
    if bytes[position] == UInt8(ascii: "-") { position += 1 }
    let digits = position
    var magnitude: UInt64 = 0
    while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
      let (tens, isTooLarge) = magnitude.multipliedReportingOverflow(by: 10)
      let (sum, isOver) = tens.addingReportingOverflow(UInt64(bytes[position] - UInt8(ascii: "0")))
      guard !isTooLarge, !isOver else { return nil }
      magnitude = sum
      position += 1
    }
    // No empty number, no leading zero; a fraction or exponent fails at the comma that is not there.
    guard position > digits, position - digits == 1 || bytes[digits] != UInt8(ascii: "0") else { return nil }
    if digits == start { return Int64(exactly: magnitude) }
    return magnitude == Int64.min.magnitude ? .min : Int64(exactly: magnitude).map { -$0 }
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
