import Crypto
import Testing

@Suite struct PrimitivesTests {
  /// FIPS 180-4 examples.
  @Test func sha256KnownAnswers() throws {
    #expect(
      Hexadecimal.encode(try SHA256.digest(of: Array("abc".utf8)))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      Hexadecimal.encode(try SHA256.digest(of: []))
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  /// RFC 4648, section 10, without its padding.
  @Test(arguments: [
    ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
    ("foobar", "Zm9vYmFy"),
  ])
  func base64URLKnownAnswers(_ plain: String, _ encoded: String) {
    #expect(Base64URL.encode(Array(plain.utf8)) == encoded)
    #expect(Base64URL.decode(encoded) == Array(plain.utf8))
  }

  @Test func base64URLUsesItsOwnTwoLetters() {
    #expect(Base64URL.encode([0xFB, 0xFF, 0xBF]) == "-_-_")
    #expect(Base64URL.decode("-_-_") == [0xFB, 0xFF, 0xBF])
    #expect(Base64URL.decode("+/+/") == nil)
  }

  @Test(arguments: ["Zg==", "Z", "Zm9vY", "Zh", "Zm9", "Z g", "Zm9v\n", "Zm8=", "Zm€"])
  func base64URLRefusesEverySecondSpelling(_ text: String) {
    #expect(Base64URL.decode(text) == nil)
  }

  @Test func base64URLRoundTripsEveryLength() throws {
    let random = SeededRandom(seed: 7)
    for length in 0..<200 {
      let bytes = try random.bytes(length)
      #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
    }
  }

  @Test func secureRandomFillsWhatIsAskedFor() throws {
    let random = SecureRandom()
    #expect(try random.bytes(0).isEmpty)
    let a = try random.bytes(32)
    #expect(a.count == 32)
    #expect(try a != random.bytes(32))
  }

  @Test func constantTimeCompareIsAnEquality() {
    #expect(constantTimeEqual([1, 2, 3], [1, 2, 3]))
    #expect(constantTimeEqual([], []))
    #expect(!constantTimeEqual([1, 2, 3], [1, 2, 4]))
    #expect(!constantTimeEqual([1, 2, 3], [1, 2]))
  }
}
