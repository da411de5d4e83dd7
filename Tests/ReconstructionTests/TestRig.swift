import Glibc
import Reconstruction

/// Cameras on a circle of 4 m around the origin, 1.8 m high, that look at (0, 0, 1): a plausible garage.
enum TestRig {
  static func calibration(count: Int, distorted: Bool = true) throws -> Calibration {
    var cameras: [CameraModel] = []
    for index in 0..<count {
      let angle = 0.3 + 2 * Double.pi * Double(index) / Double(max(count, 3))
      cameras.append(
        try camera("cam\(index + 1)", at: SIMD3(4 * cos(angle), 4 * sin(angle), 1.8), distorted: distorted))
    }
    return try Calibration(cameras: cameras)
  }

  static func camera(
    _ name: String, at position: SIMD3<Double>, distorted: Bool = true
  ) throws -> CameraModel {
    let forward = unit(SIMD3(0, 0, 1) - position)
    let right = unit(cross(forward, SIMD3(0, 0, 1)))
    let rotation = Matrix3(right, cross(forward, right), forward)
    return try CameraModel(
      name: name, imageSize: PixelSize(width: 1080, height: 1920), focal: SIMD2(1680, 1681),
      centre: SIMD2(533.2, 948.1),
      distortion: distorted ? LensDistortion(k1: -0.046, k2: 0.14, p1: 0.0006, p2: 0.0007) : .none,
      rotation: rotation, translation: -(rotation * position))
  }

  static func unit(_ vector: SIMD3<Double>) -> SIMD3<Double> { vector / dot(vector, vector).squareRoot() }
}
