import Messages

/// Finds cameras whose pose model took left for right, as happens when a person is seen from behind or from the side.
///
/// The other cameras decide: a camera's limbs are exchanged when they fit the joints that all cameras made together far
/// better that way. Needs at least three cameras, and only a minority can be wrong. On the reference footage one of the
/// four cameras is wrong in three frames of ten.
struct SideConfusion {
  /// Landmarks that change sides together: left, right.
  static let limbs: [[(left: PoseLandmark, right: PoseLandmark)]] = [
    [
      (.leftEyeInner, .rightEyeInner), (.leftEye, .rightEye), (.leftEyeOuter, .rightEyeOuter), (.leftEar, .rightEar),
      (.mouthLeft, .mouthRight),
    ],
    [
      (.leftShoulder, .rightShoulder), (.leftElbow, .rightElbow), (.leftWrist, .rightWrist), (.leftPinky, .rightPinky),
      (.leftIndex, .rightIndex), (.leftThumb, .rightThumb),
    ],
    [
      (.leftHip, .rightHip), (.leftKnee, .rightKnee), (.leftAnkle, .rightAnkle), (.leftHeel, .rightHeel),
      (.leftFootIndex, .rightFootIndex),
    ],
  ]

  let cameras: [CameraModel]
  /// Errors count up to this, pixels of each camera's picture relative to its longer side.
  private static let worst = 0.1
  /// The share of the error that must remain at most when the sides are exchanged.
  private static let improvement = 0.5
  /// Mean errors below this, relative to the picture's longer side, are left alone: nothing is confused.
  private static let tolerable = 0.01

  /// Exchanges the sides where they are confused. Answers the landmarks that are to be triangulated again.
  func correct(_ sightings: inout [Sightings], joints: [TriangulatedJoint?]) -> [PoseLandmark] {
    var changed: [PoseLandmark] = []
    for limb in Self.limbs {
      let seeing = cameras.indices.filter { camera in limb.contains { sees($0, camera, sightings) } }
      guard seeing.count >= 3 else { continue }
      let confused = seeing.filter { isConfused(limb, $0, sightings, joints) }
      guard !confused.isEmpty, confused.count * 2 < seeing.count else { continue }
      for camera in confused {
        for pair in limb {
          let left = sightings[pair.left.rawValue][camera]
          sightings[pair.left.rawValue][camera] = sightings[pair.right.rawValue][camera]
          sightings[pair.right.rawValue][camera] = left
        }
      }
      changed += limb.flatMap { [$0.left, $0.right] }
    }
    return changed
  }

  private func sees(_ pair: (left: PoseLandmark, right: PoseLandmark), _ camera: Int, _ sightings: [Sightings]) -> Bool
  {
    sightings[pair.left.rawValue][camera].confidence > 0 && sightings[pair.right.rawValue][camera].confidence > 0
  }

  private func isConfused(
    _ limb: [(left: PoseLandmark, right: PoseLandmark)], _ camera: Int, _ sightings: [Sightings],
    _ joints: [TriangulatedJoint?]
  ) -> Bool {
    let model = cameras[camera]
    let side = Double(max(model.imageSize.width, model.imageSize.height))
    var (asSeen, exchanged, pairs) = (0.0, 0.0, 0)
    for pair in limb where sees(pair, camera, sightings) {
      guard let left = joints[pair.left.rawValue].flatMap({ model.project($0.position) }),
        let right = joints[pair.right.rawValue].flatMap({ model.project($0.position) })
      else { continue }
      let seenLeft = sightings[pair.left.rawValue][camera].pixel
      let seenRight = sightings[pair.right.rawValue][camera].pixel
      asSeen += error(left, seenLeft, side) + error(right, seenRight, side)
      exchanged += error(left, seenRight, side) + error(right, seenLeft, side)
      pairs += 1
    }
    return pairs >= 3 && asSeen > 2 * Double(pairs) * Self.tolerable && exchanged < asSeen * Self.improvement
  }

  private func error(_ image: SIMD2<Double>, _ seen: SIMD2<Double>, _ side: Double) -> Double {
    let difference = (image - seen) / side
    return min((difference.x * difference.x + difference.y * difference.y).squareRoot(), Self.worst)
  }
}
