import Messages
import Testing

@Suite struct FlatJSONTests {
  @Test func membersAreFoundByNameAndType() throws {
    let json = try #require(
      FlatJSON(Array("{ \"a\" : \"x.y\", \"n\":-12, \"t\":true,\"leer\":\"\", \"ü\":\"grün\"}".utf8)))
    #expect(json.string("a") == "x.y")
    #expect(json.has("a", "x.y"))
    #expect(!json.has("a", "x.z"))
    #expect(!json.has("a", "x"))
    #expect(json.integer("n") == -12)
    #expect(json.integer("a") == nil)
    #expect(json.string("n") == nil)
    #expect(json.has("t"))
    #expect(json.string("t") == nil)
    #expect(json.string("leer") == "")
    #expect(json.string("ü") == "grün")
    #expect(!json.has("b"))
  }

  @Test func theWholeRangeOfNumbersIsRead() {
    for number in [Int64.min, -1, 0, 1, .max] {
      #expect(FlatJSON(Array("{\"n\":\(number)}".utf8))?.integer("n") == number)
    }
    for tooLarge in ["9223372036854775808", "-9223372036854775809", "18446744073709551616"] {
      #expect(FlatJSON(Array("{\"n\":\(tooLarge)}".utf8)) == nil)
    }
  }

  @Test(arguments: [
    "{}", " { } ", "{\"a\":1}", "{\"a\":-1,\"b\":\"\"}", "{\"a\":true,\"b\":false,\"c\":null}", "{\"a\":0}\n",
  ])
  func flatObjectsAreRead(_ text: String) { #expect(FlatJSON(Array(text.utf8)) != nil) }

  @Test(arguments: [
    "", "{", "}", "{a:1}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\":1 \"b\":2}", "{\"a\":01}", "{\"a\":-}",
    "{\"a\":1e3}", "{\"a\":[]}", "{\"a\":{}}", "{\"a\":\"\\u0041\"}", "{\"a\":\"x}", "{\"a\":1,\"a\":1}",
    "{\"a\":99999999999999999999}", "{\"a\":tru}", "null", "{\"a\":\"\u{1}\"}", "{}{}",
  ])
  func everythingElseIsRefused(_ text: String) { #expect(FlatJSON(Array(text.utf8)) == nil) }

  /// Strings are looked at in strides of eight bytes: wherever it stands, a byte must have the same effect.
  @Test(arguments: 0..<24)
  func everyByteCountsWhereverItStands(position: Int) {
    for byte in UInt8.min...UInt8.max {
      for (length, filler) in [(24, UInt8(ascii: "x")), (25, 0x21), (31, 0x7F), (32, 0x23)] {
        var text = [UInt8](repeating: filler, count: length)
        text[position] = byte
        let json = FlatJSON(Array("{\"a\":\"".utf8) + text + Array("\"}".utf8))
        let isPlain = (0x20..<0x80).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
        #expect(json?.string("a") == (isPlain ? String(decoding: text, as: UTF8.self) : nil), "\(byte) of \(length)")
      }
    }
  }

  @Test func invalidUTF8IsRefused() { #expect(FlatJSON(Array("{\"a\":\"".utf8) + [0xC3] + Array("\"}".utf8)) == nil) }
}
