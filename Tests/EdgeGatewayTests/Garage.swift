import FoundationEssentials
import Messages
import Reconstruction
import Timing

/// Four phones around a person who stands at (0.1 … , 0, 1): exact observations of known joints.
enum Garage {
  static let session = SessionID("sess-garage")!
  static let period: Int64 = 33_333

  static func cameras() throws -> [CameraModel] {
    try [SIMD3(4.0, 0.3, 1.8), SIMD3(0.2, 4, 1.7), SIMD3(-4, 0.1, 1.6), SIMD3(-0.3, -4, 1.9)].enumerated().map {
      index, position in
      let forward = unit(SIMD3(0, 0, 1) - position)
      let right = unit(cross(forward, SIMD3(0, 0, 1)))
      let rotation = Matrix3(right, cross(forward, right), forward)
      return try CameraModel(
        name: "phone-\(index)", imageSize: PixelSize(width: 1080, height: 1920), focal: SIMD2(1600, 1600),
        centre: SIMD2(539.5, 959.5), distortion: LensDistortion(k1: -0.05, k2: 0.1), rotation: rotation,
        translation: -(rotation * position))
    }
  }

  static func calibration() throws -> Data {
    Data(CalibrationJSON.encode(try Calibration(cameras: cameras())))
  }

  /// Where a joint is, metres.
  static func joint(_ index: Int) -> SIMD3<Double> {
    SIMD3(0.02 * Double(index) - 0.3, 0.1, 0.05 * Double(index) + 0.1)
  }

  /// What each phone sees of the person, who stands still.
  private static let seen: Result<[[Observation2D.Joint]], any Error> = Result {
    try cameras().map { camera in
      let small = try camera.scaled(to: PixelSize(width: 720, height: 1280))
      return (0..<PoseLandmark.count).map { index in
        let pixel = small.project(joint(index)) ?? .zero
        return Observation2D.Joint(x: Float(pixel.x + 0.5), y: Float(pixel.y + 0.5), confidence: 0.9)
      }
    }
  }

  /// What a phone sends, in pictures two thirds of the calibrated size.
  static func observation(
    phone: Int, at time: SessionTime, sequence: UInt32 = 1, session: SessionID = session
  ) throws -> Observation2D {
    return Observation2D(
      key: DeviceKey(session: session, device: DeviceID("phone-\(phone)")!), sequence: sequence, captured: time,
      clockErrorBoundMicroseconds: 500, recorded: time, width: 720, height: 1280, score: 0.9,
      joints: try seen.get()[phone])
  }

  private static func unit(_ vector: SIMD3<Double>) -> SIMD3<Double> { vector / dot(vector, vector).squareRoot() }
}
