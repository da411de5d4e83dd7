/// OpenCV's radial-tangential lens model, on normalised image coordinates (x/z, y/z; no unit).
///
/// Source: "Camera Calibration and 3D Reconstruction" in OpenCV's manual; the order of its vector is k1 k2 p1 p2 k3.
public struct LensDistortion: Sendable, Equatable {
  public var k1: Double
  public var k2: Double
  public var p1: Double
  public var p2: Double
  public var k3: Double

  public init(k1: Double = 0, k2: Double = 0, p1: Double = 0, p2: Double = 0, k3: Double = 0) {
    self.k1 = k1
    self.k2 = k2
    self.p1 = p1
    self.p2 = p2
    self.k3 = k3
  }

  public static let none = LensDistortion()

  /// Five coefficients in OpenCV's order. Nil when there are not five.
  public init?(coefficients: [Double]) {
    guard coefficients.count == 5 else { return nil }
    self.init(
      k1: coefficients[0], k2: coefficients[1], p1: coefficients[2], p2: coefficients[3], k3: coefficients[4])
  }

  public var coefficients: [Double] { [k1, k2, p1, p2, k3] }

  /// Where the lens images the ideal point.
  @inline(__always)
  public func distorted(_ ideal: SIMD2<Double>) -> SIMD2<Double> {
    let (radial, tangential) = terms(ideal)
    return ideal * radial + tangential
  }

  /// The ideal point behind an imaged one, by OpenCV's fixed-point iteration, carried on until it stands still.
  ///
  /// Nil where the iteration does not settle: outside the field in which the model is one-to-one.
  @inline(__always)
  public func undistorted(_ imaged: SIMD2<Double>) -> SIMD2<Double>? {
    if self == .none { return imaged }
    var ideal = imaged
    for _ in 0..<40 {
      let (radial, tangential) = terms(ideal)
      guard radial > 0.1 else { return nil }
      let next = (imaged - tangential) / radial
      let step = next - ideal
      ideal = next
      let squared = step.x * step.x + step.y * step.y
      // A ten-millionth of the focal length, a few ten-thousandths of a pixel, and the rest is smaller still.
      if squared < 1e-14 { return ideal }
      guard squared < 100 else { return nil }
    }
    return nil
  }

  @inline(__always)
  private func terms(_ point: SIMD2<Double>) -> (radial: Double, tangential: SIMD2<Double>) {
    let (x, y) = (point.x, point.y)
    let squared = x * x + y * y
    let radial = 1 + squared * (k1 + squared * (k2 + squared * k3))
    return (
      radial,
      SIMD2(
        2 * p1 * x * y + p2 * (squared + 2 * x * x),
        p1 * (squared + 2 * y * y) + 2 * p2 * x * y)
    )
  }
}
