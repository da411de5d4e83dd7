/// The lines of sight to one joint of the four cameras of a `CameraPack`, lens distortion removed.
///
/// Subsets are bit masks over the four lanes.
struct RayPack {
  /// Normalised image coordinates.
  private var imageX = SIMD4<Double>.zero
  private var imageY = SIMD4<Double>.zero
  private(set) var confidences = SIMD4<Double>.zero
  private(set) var lanes: UInt8 = 0

  @inline(__always)
  mutating func insert(lane: Int, image: SIMD2<Double>, confidence: Double) {
    imageX[lane] = image.x
    imageY[lane] = image.y
    confidences[lane] = confidence
    lanes |= 1 << lane
  }

  /// The least-squares equations of the direct linear transform: (u·m2 − m0)·X = t0 − u·t2, and the same for v.
  @inline(__always)
  func linearEquations(_ subset: UInt8, _ cameras: CameraPack) -> NormalEquations {
    let weight = confidences * confidences * Self.ones(subset)
    let (ax, ay, az) = (
      imageX * cameras.m20 - cameras.m00, imageX * cameras.m21 - cameras.m01, imageX * cameras.m22 - cameras.m02
    )
    let (bx, by, bz) = (
      imageY * cameras.m20 - cameras.m10, imageY * cameras.m21 - cameras.m11, imageY * cameras.m22 - cameras.m12
    )
    return NormalEquations(
      ax, ay, az, cameras.t0 - imageX * cameras.t2, bx, by, bz, cameras.t1 - imageY * cameras.t2, weight: weight)
  }

  /// The equations of one Gauss-Newton step from `point`, for the reprojection error in pixels weighted by squared
  /// confidence; large errors pull less (Cauchy's kernel). Nil when the point is behind a camera of the subset.
  @inline(__always)
  func stepEquations(_ point: SIMD3<Double>, _ subset: UInt8, _ cameras: CameraPack) -> NormalEquations? {
    let ones = Self.ones(subset)
    // Lanes outside the subset get a harmless depth, their weight is zero.
    let depth = cameras.depths(point) * ones + (1 - ones)
    guard depth.min() > CameraPack.nearest else { return nil }
    let inverse = 1 / depth
    let seen = cameras.sideways(point)
    let (x, y) = (seen.x * inverse, seen.y * inverse)
    let (errorX, errorY) = ((imageX - x) * cameras.focalX, (imageY - y) * cameras.focalY)
    let squared = errorX * errorX + errorY * errorY
    let weight = ones * confidences * confidences / (1 + squared * cameras.inverseSquaredKernel)
    let (scaleX, scaleY) = (cameras.focalX * inverse, cameras.focalY * inverse)
    return NormalEquations(
      (cameras.m00 - cameras.m20 * x) * scaleX, (cameras.m01 - cameras.m21 * x) * scaleX,
      (cameras.m02 - cameras.m22 * x) * scaleX, errorX,
      (cameras.m10 - cameras.m20 * y) * scaleY, (cameras.m11 - cameras.m21 * y) * scaleY,
      (cameras.m12 - cameras.m22 * y) * scaleY, errorY, weight: weight)
  }

  /// The squared distance in pixels between the point's image and each sighting, infinite where the point is not in
  /// front of the camera.
  @inline(__always)
  func squaredErrorsPx(_ point: SIMD3<Double>, _ cameras: CameraPack) -> SIMD4<Double> {
    let depth = cameras.depths(point)
    let seen = cameras.sideways(point)
    let errorX = (seen.x / depth - imageX) * cameras.focalX
    let errorY = (seen.y / depth - imageY) * cameras.focalY
    let squared = errorX * errorX + errorY * errorY
    return squared.replacing(with: .infinity, where: depth .<= CameraPack.nearest)
  }

  /// 1 in the lanes of `subset`, 0 elsewhere.
  @inline(__always)
  static func ones(_ subset: UInt8) -> SIMD4<Double> {
    SIMD4(
      Double(subset & 1), Double(subset >> 1 & 1), Double(subset >> 2 & 1), Double(subset >> 3 & 1))
  }
}
