import Foundation
import Testing

@testable import ApiFront

struct JSONObjectTextTests {
  @Test func itSaysWhatWasAdded() {
    var object = JSONObjectText()
    #expect(String(decoding: object.bytes, as: UTF8.self) == "{}")
    object.add("devices_left", 2)
    object.add("mode", "3d")
    object.add("valid", true)
    #expect(String(decoding: object.bytes, as: UTF8.self) == #"{"devices_left":2,"mode":"3d","valid":true}"#)
  }

  /// Every character that could end the text early or be no JSON, read back by Foundation.
  @Test func anyTextComesBack() throws {
    let text = String(String.UnicodeScalarView((0...0x80).compactMap(Unicode.Scalar.init))) + "\"\\☃</script>"
    var object = JSONObjectText()
    object.add("text", text)
    #expect(try JSONDecoder().decode([String: String].self, from: Data(object.bytes)) == ["text": text])
  }
}
