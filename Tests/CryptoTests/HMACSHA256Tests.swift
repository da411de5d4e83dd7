import Crypto
import Testing

/// Test cases of RFC 4231 for HMAC-SHA-256.
@Suite struct HMACSHA256Tests {
  @Test(arguments: [
    (
      key: [UInt8](repeating: 0x0B, count: 20), message: "Hi There",
      code: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    ),
    (
      key: Array("Jefe".utf8), message: "what do ya want for nothing?",
      code: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    ),
    (
      key: [UInt8](repeating: 0xAA, count: 131), message: "Test Using Larger Than Block-Size Key - Hash Key First",
      code: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ),
  ])
  func knownAnswers(_ vector: (key: [UInt8], message: String, code: String)) throws {
    let mac = try HMACSHA256(key: vector.key)
    #expect(Hexadecimal.encode(try mac.authenticationCode(for: Array(vector.message.utf8))) == vector.code)
  }

  @Test func oneScheduleServesManyMessages() throws {
    let mac = try HMACSHA256(key: Array("Jefe".utf8))
    let first = try mac.authenticationCode(for: Array("one".utf8))
    let second = try mac.authenticationCode(for: Array("two".utf8))
    #expect(first != second)
    #expect(try mac.authenticationCode(for: Array("one".utf8)) == first)
  }

  @Test func emptyMessageAndSlice() throws {
    let mac = try HMACSHA256(key: Array("Jefe".utf8))
    #expect(try mac.authenticationCode(for: [UInt8]()).count == 32)
    let slice = Array("xonex".utf8)[1...3]
    #expect(try mac.authenticationCode(for: slice) == mac.authenticationCode(for: Array("one".utf8)))
  }

  @Test func oneFlippedBitIsRefused() throws {
    let mac = try HMACSHA256(key: Array("Jefe".utf8))
    var code = try mac.authenticationCode(for: Array("one".utf8))
    #expect(try mac.isValid(code, for: Array("one".utf8)[...]))
    code[31] ^= 1
    #expect(try !mac.isValid(code, for: Array("one".utf8)[...]))
    #expect(try !mac.isValid(Array(code.prefix(31)), for: Array("one".utf8)[...]))
  }
}
