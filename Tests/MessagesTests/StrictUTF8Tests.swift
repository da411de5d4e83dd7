import Testing

@testable import Messages

struct StrictUTF8Tests {
  @Test(arguments: ["", "abc", "naïve ☃ 👩‍👧", "\u{FFFD}", "a\u{0}b"])
  func whatIsUTF8ComesBack(text: String) {
    #expect(String(strictUTF8: Array(text.utf8)[...]) == text)
  }

  /// Over-long, cut off, a surrogate, a byte that never occurs, and one whose repair has as many bytes as it had.
  @Test(
    arguments: [
      [0xC0, 0x80], [0xE2, 0x98], [0xED, 0xA0, 0x80], [0x61, 0xFF, 0x62], [0x80], [0xF4, 0x90, 0x80, 0x80],
      [0xF0, 0x9F, 0x91],
    ] as [[UInt8]])
  func anythingElseIsRefused(bytes: [UInt8]) {
    #expect(String(strictUTF8: bytes[...]) == nil)
    #expect(String(strictUTF8: ([0x61] + bytes + [0x62])[...].dropFirst().dropLast()) == nil)
  }
}
