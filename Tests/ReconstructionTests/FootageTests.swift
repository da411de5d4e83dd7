import Foundation
import Messages
import Reconstruction
import Testing
import Timing

/// Real landmarks of an athlete from four real cameras: what comes out must look like a person.
@Suite struct FootageTests {
  struct Reference: Decodable {
    let calibration: String
    let framesPerSecond: Double
    /// Camera, frame, landmark, (x, y, visibility).
    let landmarks: [[[[Double]]]]
  }

  let poses: [Pose3D]
  let withoutSides: [Pose3D]

  init() throws {
    let reference = try ReferenceData.decode("footage.json", as: Reference.self)
    let calibration = try CalibrationJSON.decode(Array(reference.calibration.utf8))
    let sets = reference.landmarks[0].indices.map { frame in
      AlignedSet(
        time: SessionTime(microseconds: Int64(Double(frame) * 1e6 / reference.framesPerSecond)),
        clockErrorBoundMicroseconds: 0,
        views: calibration.cameras.enumerated().map { index, camera in
          AlignedView(
            device: DeviceID(camera.name)!, size: camera.imageSize,
            joints: reference.landmarks[index][frame].map {
              Observation2D.Joint(x: Float($0[0]), y: Float($0[1]), confidence: Float($0[2]))
            }, distanceMicroseconds: 0)
        })
    }
    func make(_ correctsSides: Bool) -> [Pose3D] {
      var triangulator = PoseTriangulator(calibration: calibration, correctsSides: correctsSides)
      return sets.compactMap { triangulator.pose(of: $0, session: TestTake.session).pose }
    }
    poses = make(true)
    withoutSides = make(false)
  }

  @Test func nearlyEveryJointIsFoundAndFits() {
    let joints = poses.flatMap(\.joints).filter { $0.views > 0 }
    #expect(poses.count == 20 && joints.count > poses.count * 33 * 99 / 100)
    #expect(median(joints.map { Double($0.reprojectionErrorPx) }) < 14)
    #expect(joints.count { $0.views >= 3 } > joints.count * 98 / 100)
  }

  /// One of the four cameras takes left for right in a third of the frames.
  @Test func confusedSidesArePutRight() {
    let good = poses.flatMap(\.joints).count { $0.views == 4 }
    let before = withoutSides.flatMap(\.joints).count { $0.views == 4 }
    #expect(good > 33 * 20 * 85 / 100 && before < good * 9 / 10)
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
    let heads = poses.compactMap { position($0, .nose)?.z }
    #expect((1.3...1.9).contains(median(heads)))
    let feet = poses.compactMap { position($0, .leftHeel)?.z }
    #expect((-0.1...0.25).contains(feet.min() ?? .nan))
  }

  private func lengths(_ from: PoseLandmark, _ to: PoseLandmark) -> [Double] {
    poses.compactMap { pose in
      guard let start = position(pose, from), let end = position(pose, to) else { return nil }
      let bone = end - start
      return dot(bone, bone).squareRoot()
    }
  }

  private func position(_ pose: Pose3D, _ landmark: PoseLandmark) -> SIMD3<Double>? {
    let joint = pose.joints[landmark.rawValue]
    return joint.views > 0 ? SIMD3(Double(joint.x), Double(joint.y), Double(joint.z)) : nil
  }

  private func median(_ values: [Double]) -> Double {
    values.isEmpty ? .nan : values.sorted()[values.count / 2]
  }
}
