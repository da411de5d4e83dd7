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
    var incomplete = String(decoding: try wrap(qualisys, serial: "cam01", width: 1000), as: UTF8.self)
    incomplete = incomplete.replacing("image_width", with: "image_wdith")
    let misspelt = #expect(throws: CalibrationError.self) { try CalibrationDocument.decode(Array(incomplete.utf8)) }
    #expect(misspelt?.description.contains(".cameras[0].image_wdith is not a known field") == true)
    for text in ["", "   ", "{}", "[]", "null", "{\"cameras\": []}"] {
      let error = #expect(throws: CalibrationError.self) { try CalibrationDocument.decode(Array(text.utf8)) }
      #expect(error?.code == "calibration_unreadable")
    }
  }

  /// Whatever is sent, the answer is a calibration or a `CalibrationError`, never a crash.
  @Test func brokenDocumentsAreRefusedOrRead() throws {
    let qualisys = try ReferenceData.decode("qualisys.json", as: QualisysCalibrationTests.Reference.self).document
    let own = try CalibrationJSON.encode(TestRig.calibration(count: 2))
    var random = LinearCongruentialGenerator(state: 42)
    for document in [Array(qualisys.utf8), own, try wrap(qualisys, serial: "cam01", width: 1080)] {
      var read = 0
      for _ in 0..<400 {
        var broken = document
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          let place = Int.random(in: 0..<broken.count, using: &random)
          switch Int.random(in: 0..<4, using: &random) {
          case 0: broken[place] = UInt8.random(in: 0...255, using: &random)
          case 1: broken.remove(at: place)
          case 2: broken.insert(UInt8(ascii: "9"), at: place)
          default: broken.removeSubrange(place..<min(place + 20, broken.count))
          }
        }
        if let calibration = try? CalibrationDocument.decode(broken) {
          read += 1
          #expect(calibration.cameras.allSatisfy { $0.rotation.deviationFromOrthonormal < 1e-9 })
        }
      }
      #expect(read < 400)
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

/// The same numbers in every run (Knuth's MMIX constants).
struct LinearCongruentialGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ state >> 29
  }
}
