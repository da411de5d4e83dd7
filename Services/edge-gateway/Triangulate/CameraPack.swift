/// Four cameras of a rig side by side, one per lane, as triangulation uses them; computed once.
///
/// Lanes without a camera look at nothing: they never take part, because no subset names them.
struct CameraPack: Sendable {
  /// World to camera axes: camera x = (m00, m01, m02) · world + t0, and so on.
  private(set) var m00 = SIMD4<Double>.zero
  private(set) var m01 = SIMD4<Double>.zero
  private(set) var m02 = SIMD4<Double>.zero
  private(set) var m10 = SIMD4<Double>.zero
  private(set) var m11 = SIMD4<Double>.zero
  private(set) var m12 = SIMD4<Double>.zero
  private(set) var m20 = SIMD4<Double>.zero
  private(set) var m21 = SIMD4<Double>.zero
  private(set) var m22 = SIMD4<Double>.zero
  private(set) var t0 = SIMD4<Double>.zero
  private(set) var t1 = SIMD4<Double>.zero
  private(set) var t2 = SIMD4<Double>.zero
  /// Pixels per unit of normalised image coordinates.
  private(set) var focalX = SIMD4<Double>.one
  private(set) var focalY = SIMD4<Double>.one
  /// Squared pixels beyond which a sighting disagrees with a point.
  private(set) var squaredTolerance = SIMD4<Double>.one
  /// One over the squared pixels at which a sighting's pull is halved.
  private(set) var inverseSquaredKernel = SIMD4<Double>.one

  static let lanes = 4
  /// No joint comes closer to a camera that sees a person, metres.
  static let nearest = 0.05

  /// At most four cameras.
  init(_ cameras: ArraySlice<CameraModel>, settings: Triangulator.Settings) {
    for (lane, camera) in cameras.enumerated() {
      let rotation = camera.rotation
      (m00[lane], m01[lane], m02[lane]) = (rotation.row0.x, rotation.row0.y, rotation.row0.z)
      (m10[lane], m11[lane], m12[lane]) = (rotation.row1.x, rotation.row1.y, rotation.row1.z)
      (m20[lane], m21[lane], m22[lane]) = (rotation.row2.x, rotation.row2.y, rotation.row2.z)
      (t0[lane], t1[lane], t2[lane]) = (camera.translation.x, camera.translation.y, camera.translation.z)
      (focalX[lane], focalY[lane]) = (camera.focal.x, camera.focal.y)
      let scale = Double(max(camera.imageSize.width, camera.imageSize.height)) / settings.referenceSide
      squaredTolerance[lane] = (settings.tolerancePx * scale) * (settings.tolerancePx * scale)
      inverseSquaredKernel[lane] = 1 / ((settings.kernelPx * scale) * (settings.kernelPx * scale))
    }
  }

  /// Distance in front of each camera, metres.
  @inline(__always)
  func depths(_ point: SIMD3<Double>) -> SIMD4<Double> { m20 * point.x + m21 * point.y + m22 * point.z + t2 }

  /// The point along each camera's x and y axes, metres.
  @inline(__always)
  func sideways(_ point: SIMD3<Double>) -> (x: SIMD4<Double>, y: SIMD4<Double>) {
    (
      m00 * point.x + m01 * point.y + m02 * point.z + t0,
      m10 * point.x + m11 * point.y + m12 * point.z + t1
    )
  }
}
