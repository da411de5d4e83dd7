import Messages
import Reconstruction
import Testing

@Suite struct CalibrationTests {
  @Test func jsonKeepsEveryDigit() throws {
    let calibration = try TestRig.calibration(count: 4)
    let again = try CalibrationJSON.decode(CalibrationJSON.encode(calibration))
    #expect(again.cameras.map(\.name) == calibration.cameras.map(\.name))
    #expect(again.worldUp == calibration.worldUp)
    for (camera, other) in zip(again.cameras, calibration.cameras) {
      #expect(camera.focal == other.focal && camera.centre == other.centre && camera.distortion == other.distortion)
      #expect(camera.translation == other.translation)
      #expect(zip(camera.rotation.rowMajor, other.rotation.rowMajor).allSatisfy { ($0 - $1).magnitude < 1e-14 })
    }
  }

  @Test(arguments: [
    (#""version" : 1"#, #""version" : 2"#, "calibration_unreadable"),
    (#""name" : "cam1","#, "", "calibration_unreadable"),
    (#""name" : "cam1""#, #""name" : "cam2""#, "calibration_duplicate_camera"),
    (#""name" : "cam1""#, #""naem" : 1, "name" : "cam1""#, "calibration_unreadable"),
    (#""version" : 1"#, #""version" : 1, "wrong" : 1"#, "calibration_unreadable"),
    (#""image_width" : 1080"#, #""image_width" : -1080"#, "calibration_out_of_range"),
    (#""image_width" : 1080"#, #""image_width" : "1080""#, "calibration_unreadable"),
    (#""focal_px" : ["#, #""focal_px" : [1,"#, "calibration_field_missing"),
    (#""rotation" : ["#, #""rotation" : [1,"#, "calibration_field_missing"),
    (#""world_up" : "z""#, #""world_up" : "x""#, "calibration_unreadable"),
  ])
  func refuses(_ fault: (find: String, replace: String, code: String)) throws {
    let text = try String(decoding: CalibrationJSON.encode(TestRig.calibration(count: 2)), as: UTF8.self)
    let broken = text.replacing(fault.find, with: fault.replace)
    #expect(broken != text)
    let error = #expect(throws: CalibrationError.self) { try CalibrationJSON.decode(Array(broken.utf8)) }
    #expect(error?.code == fault.code, "\(String(describing: error))")
  }

  @Test func everyTruncationIsRefused() throws {
    let bytes = try CalibrationJSON.encode(TestRig.calibration(count: 1))
    for length in stride(from: 0, to: bytes.count - 1, by: 7) {
      #expect(throws: CalibrationError.self) { try CalibrationJSON.decode(bytes.prefix(length)) }
    }
  }

  @Test func countsAreLimited() throws {
    #expect(throws: CalibrationError.noCameras) { try Calibration(cameras: []) }
    #expect(throws: CalibrationError.tooManyCameras(9)) { try TestRig.calibration(count: 9) }
  }

  @Test func aScaledCameraSeesTheSamePointAtTheScaledPlace() throws {
    let camera = try TestRig.calibration(count: 1).cameras[0]
    let small = try camera.scaled(to: PixelSize(width: 720, height: 1280))
    let point = SIMD3(0.3, -0.2, 1.4)
    let full = try #require(camera.project(point))
    let scaled = try #require(small.project(point))
    // The corner of the picture stays where it is, half a pixel outside the first pixel's centre.
    #expect(((full.x + 0.5) * 2 / 3 - 0.5 - scaled.x).magnitude < 1e-9)
    #expect(((full.y + 0.5) * 2 / 3 - 0.5 - scaled.y).magnitude < 1e-9)
    #expect(throws: CalibrationError.self) { try camera.scaled(to: PixelSize(width: 1280, height: 720)) }
    let cut = try camera.cropped(origin: SIMD2(8, 0), to: PixelSize(width: 1000, height: 1920))
    #expect(try #require(cut.project(point)).x == full.x - 8)
    #expect(throws: CalibrationError.self) { try camera.cropped(to: PixelSize(width: 1088, height: 1920)) }
  }

  @Test func pixelsAndRaysAgree() throws {
    for camera in try TestRig.calibration(count: 4).cameras {
      let point = SIMD3(0.4, 0.1, 1.1)
      let pixel = try #require(camera.project(point))
      let ray = try #require(camera.normalized(pixel))
      let seen = camera.rotation * point + camera.translation
      #expect((ray.x - seen.x / seen.z).magnitude < 1e-9 && (ray.y - seen.y / seen.z).magnitude < 1e-9)
      #expect(camera.project(camera.position - (point - camera.position)) == nil, "behind the camera")
    }
  }
}
