import Foundation
import Testing

@testable import ApiFront

struct JSONObjectTextTests {
  @Test func itSaysWhatWasAdded() {
    var object = JSONObjectText()
    #expect(String(decoding: object.finished(), as: UTF8.self) == "{}")
    object.add("devices_left", 2)
    object.add("mode", "3d")
    object.add("valid", true)
    #expect(String(decoding: object.finished(), as: UTF8.self) == #"{"devices_left":2,"mode":"3d","valid":true}"#)
  }

  @Test(arguments: [0, 7, 10, -1, 1_234_567_890, Int.max, Int.min])
  func numbersAreWrittenAsSwiftWritesThem(number: Int) {
    var text: [UInt8] = []
    text.append(decimal: number)
    #expect(String(decoding: text, as: UTF8.self) == String(number))
  }

  /// Every character that could end the text early or be no JSON, read back by Foundation.
  @Test func anyTextComesBack() throws {
    let text = String(String.UnicodeScalarView((0...0x80).compactMap(Unicode.Scalar.init))) + "\"\\☃</script>"
    var object = JSONObjectText()
    object.add("text", text)
    #expect(try JSONDecoder().decode([String: String].self, from: Data(object.finished())) == ["text": text])
  }
}
