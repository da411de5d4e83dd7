/// One calibrated camera: intrinsics in pixels of `imageSize`, OpenCV's lens model, and where it stands.
///
/// Pixel coordinates are OpenCV's: x to the right, y down, (0, 0) is the *centre* of the top-left pixel. The camera
/// looks along its +z; world coordinates are metres.
public struct CameraModel: Sendable, Equatable {
  public let name: String
  public let imageSize: PixelSize
  /// Focal lengths, pixels.
  public let focal: SIMD2<Double>
  /// Principal point, pixels.
  public let centre: SIMD2<Double>
  public let distortion: LensDistortion
  /// Turns world axes into camera axes: cameraPoint = rotation · worldPoint + translation.
  public let rotation: Matrix3
  /// The world's origin seen from the camera, metres.
  public let translation: SIMD3<Double>

  /// Throws `CalibrationError` unless every number is finite and plausible and `rotation` is a rotation.
  public init(
    name: String, imageSize: PixelSize, focal: SIMD2<Double>, centre: SIMD2<Double>, distortion: LensDistortion,
    rotation: Matrix3, translation: SIMD3<Double>
  ) throws(CalibrationError) {
    try CameraLimits.check(
      name: name, imageSize: imageSize, focal: focal, centre: centre, distortion: distortion, rotation: rotation,
      translation: translation)
    self.name = name
    self.imageSize = imageSize
    self.focal = focal
    self.centre = centre
    self.distortion = distortion
    self.rotation = rotation.nearestRotation
    self.translation = translation
  }

  /// Where the camera stands, world metres.
  public var position: SIMD3<Double> { -(rotation.transposed * translation) }

  /// The pixel that images a world point (metres). Nil for a point behind the camera.
  public func project(_ world: SIMD3<Double>) -> SIMD2<Double>? {
    let point = rotation * world + translation
    guard point.z > 0 else { return nil }
    let imaged = distortion.distorted(SIMD2(point.x, point.y) / point.z)
    return imaged * focal + centre
  }

  /// The ideal, normalised image coordinates (x/z, y/z) of a pixel, lens distortion removed.
  ///
  /// Nil outside the field in which the lens model is one-to-one.
  @inline(__always)
  public func normalized(_ pixel: SIMD2<Double>) -> SIMD2<Double>? {
    distortion.undistorted((pixel - centre) / focal)
  }
}
