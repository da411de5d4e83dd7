/// A flat JSON object written member by member, for answers that are given too often for `JSONEncoder`.
struct JSONObjectText {
  private var members: [UInt8] = [UInt8(ascii: "{")]

  init() { members.reserveCapacity(256) }

  /// The object, complete.
  consuming func finished() -> [UInt8] {
    members.append(UInt8(ascii: "}"))
    return members
  }

  mutating func add(_ name: StaticString, _ text: String) {
    begin(name)
    members.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { utf8 in
      if utf8.contains(where: Self.needsEscape) {
        for byte in utf8 { append(escaping: byte) }
      } else {
        members.append(contentsOf: utf8)
      }
    }
    members.append(UInt8(ascii: "\""))
  }

  mutating func add(_ name: StaticString, _ number: Int) {
    begin(name)
    members.append(decimal: number)
  }

  mutating func add(_ name: StaticString, _ truth: Bool) {
    begin(name)
    let text: StaticString = truth ? "true" : "false"
    members.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// - Parameter name: without a character that needs an escape.
  private mutating func begin(_ name: StaticString) {
    if members.count > 1 { members.append(UInt8(ascii: ",")) }
    members.append(UInt8(ascii: "\""))
    members.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    members.append(UInt8(ascii: "\""))
    members.append(UInt8(ascii: ":"))
  }

  /// RFC 8259, section 7: quotation mark, backslash and what is below 0x20.
  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private mutating func append(escaping byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): members += [UInt8(ascii: "\\"), byte]
    case 0..<0x20:
      let digits = StaticString("0123456789abcdef").utf8Start
      members += "\\u00".utf8
      members += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    default: members.append(byte)
    }
  }
}
