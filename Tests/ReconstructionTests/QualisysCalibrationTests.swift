import Messages
import Reconstruction
import Testing

@Suite struct QualisysCalibrationTests {
  struct Reference: Decodable {
    struct Camera: Decodable {
      let name: String
      let size: [Int]
      let focal: [Double]
      let centre: [Double]
      let rotation: [Double]
      let translation: [Double]
    }
    let document: String
    let cameras: [Camera]
  }

  @Test func agreesWithPose2Sim() throws {
    let reference = try ReferenceData.decode("qualisys.json", as: Reference.self)
    let calibration = try QualisysCalibration.decode(Array(reference.document.utf8))
    #expect(calibration.cameras.map(\.name) == ["cam01", "cam02", "cam04"], "cam03 is a marker camera")
    #expect(reference.cameras.map(\.name) == calibration.cameras.map(\.name))
    for (camera, expected) in zip(calibration.cameras, reference.cameras) {
      #expect(camera.imageSize == PixelSize(width: expected.size[0], height: expected.size[1]))
      #expect(
        near([camera.focal.x, camera.focal.y, camera.centre.x, camera.centre.y], expected.focal + expected.centre))
      #expect(near(camera.rotation.rowMajor, expected.rotation))
      #expect(near([camera.translation.x, camera.translation.y, camera.translation.z], expected.translation))
      #expect(camera.distortion.coefficients == [-0.046183, 0.139983, 0.000608, 0.00069, 0])
    }
  }

  @Test(arguments: [
    (#"r22=""#, #"r22="nan"#, "calibration_not_a_number"),
    (#"focalLengthU="107599.6""#, #"focalLengthU="1e999""#, "calibration_not_a_number"),
    (#"focalLengthU="107599.6""#, #"focalLengthU="1075""#, "calibration_out_of_range"),
    (#"focalLengthU="107599.6""#, "", "calibration_field_missing"),
    (#"r11="0."#, #"r11="1."#, "calibration_not_a_rotation"),
    (#"serial="cam01""#, #"serial="cam02""#, "calibration_duplicate_camera"),
    (#"serial="cam01""#, #"serial="../cam""#, "calibration_out_of_range"),
    (#"viewrotation="0""#, #"viewrotation="90""#, "calibration_unsupported"),
    (#"skew="0.0""#, #"skew="0.1""#, "calibration_unsupported"),
    (#"right="1087""#, #"right="1087.5""#, "calibration_out_of_range"),
    ("<fov_video", "<fov", "calibration_field_missing"),
    (#"model="none""#, #"model="Miqus M3""#, "calibration_without_cameras"),
    ("</cameras>", "", "calibration_unreadable"),
    ("<calibration", "<!DOCTYPE calibration [<!ENTITY a \"aa\">]><calibration", "calibration_unreadable"),
    ("<cameras>", "<cams>", "calibration_unreadable"),
  ])
  func refuses(_ fault: (find: String, replace: String, code: String)) throws {
    let document = try ReferenceData.decode("qualisys.json", as: Reference.self).document
    var broken = document.replacing(fault.find, with: fault.replace)
    if fault.code == "calibration_without_cameras" { broken = broken.replacing("Miqus Video", with: "Miqus M3") }
    if fault.replace == "<cams>" { broken = broken.replacing("</cameras>", with: "</cams>") }
    #expect(broken != document)
    let error = #expect(throws: CalibrationError.self) { try QualisysCalibration.decode(Array(broken.utf8)) }
    #expect(error?.code == fault.code, "\(String(describing: error))")
  }

  @Test func refusesWhatIsNoCalibration() {
    for text in ["", "x", "<a/>", String(repeating: "<a>", count: 40), "<calibration/>", "\u{0}"] {
      let error = #expect(throws: CalibrationError.self) { try QualisysCalibration.decode(Array(text.utf8)) }
      #expect(error?.code == "calibration_unreadable")
    }
    let long = [UInt8](repeating: UInt8(ascii: " "), count: 300_000)
    #expect(throws: CalibrationError.self) { try QualisysCalibration.decode(long) }
  }

  private func near(_ values: [Double], _ expected: [Double]) -> Bool {
    values.count == expected.count && zip(values, expected).allSatisfy { ($0 - $1).magnitude < 1e-9 }
  }
}
