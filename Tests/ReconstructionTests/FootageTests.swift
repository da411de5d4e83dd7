import Foundation
import Messages
import Reconstruction
import Testing

/// Real landmarks of an athlete from four real cameras: what comes out must look like a person.
@Suite struct FootageTests {
  struct Reference: Decodable {
    let calibration: String
    let framesPerSecond: Double
    /// Camera, frame, landmark, (x, y, visibility).
    let landmarks: [[[[Double]]]]
  }

  let poses: [[TriangulatedJoint?]]

  init() throws {
    let reference = try ReferenceData.decode("footage.json", as: Reference.self)
    let triangulator = Triangulator(cameras: try CalibrationJSON.decode(Array(reference.calibration.utf8)).cameras)
    poses = reference.landmarks[0].indices.map { frame in
      (0..<PoseLandmark.count).map { joint in
        var seen = Sightings()
        for camera in reference.landmarks.indices {
          let landmark = reference.landmarks[camera][frame][joint]
          seen[camera] = Sighting(pixel: SIMD2(landmark[0], landmark[1]) - 0.5, confidence: landmark[2])
        }
        return triangulator.triangulate(seen)
      }
    }
  }

  @Test func nearlyEveryJointIsFoundAndFits() {
    let joints = poses.joined().compactMap { $0 }
    #expect(Double(joints.count) > 0.99 * Double(poses.count * PoseLandmark.count))
    #expect(median(joints.map(\.reprojectionErrorPx)) < 15)
    #expect(joints.count { $0.views >= 3 } > joints.count * 9 / 10)
  }

  @Test func limbsAreRigidAndAlikeOnBothSides() throws {
    let limbs: [(PoseLandmark, PoseLandmark, PoseLandmark, PoseLandmark, ClosedRange<Double>)] = [
      (.leftShoulder, .leftElbow, .rightShoulder, .rightElbow, 0.24...0.34),
      (.leftElbow, .leftWrist, .rightElbow, .rightWrist, 0.22...0.32),
      (.leftHip, .leftKnee, .rightHip, .rightKnee, 0.35...0.46),
      (.leftKnee, .leftAnkle, .rightKnee, .rightAnkle, 0.34...0.46),
    ]
    for (leftTop, leftEnd, rightTop, rightEnd, plausible) in limbs {
      let left = lengths(leftTop, leftEnd)
      let right = lengths(rightTop, rightEnd)
      #expect(plausible.contains(median(left)) && plausible.contains(median(right)), "\(leftTop) \(leftEnd)")
      #expect((median(left) / median(right) - 1).magnitude < 0.12)
      for side in [left, right] {
        let spread = median(side.map { ($0 - median(side)).magnitude })
        #expect(spread < 0.06 * median(side), "\(leftTop) \(leftEnd)")
      }
    }
  }

  @Test func thePersonStandsUprightOnTheFloor() {
    let heads = poses.compactMap { $0[PoseLandmark.nose.rawValue]?.position.z }
    #expect((1.3...1.9).contains(median(heads)))
    let feet = poses.compactMap { $0[PoseLandmark.leftHeel.rawValue]?.position.z }
    #expect((-0.1...0.25).contains(feet.min() ?? .nan))
  }

  private func lengths(_ from: PoseLandmark, _ to: PoseLandmark) -> [Double] {
    poses.compactMap { pose in
      guard let start = pose[from.rawValue], let end = pose[to.rawValue] else { return nil }
      let bone = end.position - start.position
      return dot(bone, bone).squareRoot()
    }
  }

  private func median(_ values: [Double]) -> Double {
    values.isEmpty ? .nan : values.sorted()[values.count / 2]
  }
}
