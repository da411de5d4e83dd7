import Foundation
import Reconstruction
import Testing

@Suite struct CalibrationDocumentTests {
  @Test func takesEachForm() throws {
    let qualisys = try ReferenceData.decode("qualisys.json", as: QualisysCalibrationTests.Reference.self).document
    let plain = try CalibrationDocument.decode([0xEF, 0xBB, 0xBF] + Array(qualisys.utf8))
    #expect(plain.cameras.map(\.name) == ["cam01", "cam02", "cam04"])
    let own = try CalibrationDocument.decode(CalibrationJSON.encode(plain))
    #expect(own.cameras.map(\.name) == plain.cameras.map(\.name))
    let wrapped = try CalibrationDocument.decode(wrap(qualisys, serial: "cam04", width: 1056))
    #expect(wrapped.cameras.map(\.name) == ["phone-a"])
    let camera = try #require(wrapped.cameras.first)
    #expect(camera.imageSize == PixelSize(width: 1056, height: 1900))
    #expect(camera.centre == plain.cameras[2].centre && camera.translation == plain.cameras[2].translation)
  }

  @Test func refusesWhatDoesNotFit() throws {
    let qualisys = try ReferenceData.decode("qualisys.json", as: QualisysCalibrationTests.Reference.self).document
    #expect(throws: CalibrationError.unknownCamera("cam03")) {
      try CalibrationDocument.decode(wrap(qualisys, serial: "cam03", width: 1000))
    }
    let tooWide = #expect(throws: CalibrationError.self) {
      try CalibrationDocument.decode(wrap(qualisys, serial: "cam01", width: 4000))
    }
    #expect(tooWide?.code == "calibration_out_of_range")
    for text in ["", "   ", "{}", "[]", "null", "{\"cameras\": []}"] {
      let error = #expect(throws: CalibrationError.self) { try CalibrationDocument.decode(Array(text.utf8)) }
      #expect(error?.code == "calibration_unreadable")
    }
  }

  private func wrap(_ document: String, serial: String, width: Int) throws -> [UInt8] {
    let object: [String: Any] = [
      "version": 1, "qualisys": document,
      "cameras": [["serial": serial, "name": "phone-a", "image_width": width, "image_height": 1900]],
    ]
    return Array(try JSONSerialization.data(withJSONObject: object))
  }
}
