import Messages

/// What a usable camera's numbers look like. Everything outside is a calibration that diverged or has other units.
enum CameraLimits {
  static func check(
    name: String, imageSize: PixelSize, focal: SIMD2<Double>, centre: SIMD2<Double>, distortion: LensDistortion,
    rotation: Matrix3, translation: SIMD3<Double>
  ) throws(CalibrationError) {
    guard DeviceID(name) != nil else {
      throw .outOfRange(camera: "?", field: "name", value: "(1 to 64 letters, digits, '-', '_' or '.')")
    }
    guard imageSize.isPlausible else {
      throw .outOfRange(camera: name, field: "image size", value: "\(imageSize)")
    }
    let span = Double(max(imageSize.width, imageSize.height))
    try check([focal.x, focal.y], in: 0.1 * span...20 * span, camera: name, field: "focal length (px)")
    try check([centre.x, centre.y], in: -span...2 * span, camera: name, field: "principal point (px)")
    try check(distortion.coefficients, in: -10...10, camera: name, field: "distortion")
    try check(
      [translation.x, translation.y, translation.z], in: -1000...1000, camera: name, field: "translation (m)")
    try check(rotation.rowMajor, in: -2...2, camera: name, field: "rotation")
    guard rotation.deviationFromOrthonormal < 1e-3, rotation.determinant > 0 else { throw .notARotation(camera: name) }
  }

  private static func check(
    _ values: [Double], in range: ClosedRange<Double>, camera: String, field: String
  ) throws(CalibrationError) {
    for value in values {
      guard value.isFinite else { throw .notANumber(camera: camera, field: field) }
      guard range.contains(value) else { throw .outOfRange(camera: camera, field: field, value: "\(value)") }
    }
  }
}
