import Crypto
import Testing

/// Test cases of RFC 2202 for HMAC-SHA-1.
@Suite struct HMACSHA1Tests {
  @Test(arguments: [
    (key: [UInt8](repeating: 0x0B, count: 20), message: "Hi There", code: "b617318655057264e28bc0b6fb378c8ef146be00"),
    (
      key: Array("Jefe".utf8), message: "what do ya want for nothing?",
      code: "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
    ),
    (
      key: [UInt8](repeating: 0xAA, count: 80), message: "Test Using Larger Than Block-Size Key - Hash Key First",
      code: "aa4ae5e15272d00e95705637ce8a3b55ed402112"
    ),
  ])
  func knownAnswers(_ vector: (key: [UInt8], message: String, code: String)) throws {
    let code = try HMACSHA1.authenticationCode(for: Array(vector.message.utf8), key: vector.key)
    #expect(Hexadecimal.encode(code) == vector.code)
  }
}
