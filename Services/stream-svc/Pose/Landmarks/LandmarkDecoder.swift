import Messages

/// Turns the landmark model's output tensors into landmarks of the frame.
///
/// Source: MediaPipe's `tensors_to_pose_landmarks_and_segmentation.pbtxt` and
/// `pose_landmarks_and_segmentation_inverse_projection.pbtxt`.
enum LandmarkDecoder {
  /// The 33 landmarks, the two alignment points, and four that are not used.
  static let pointCount = 39
  static let valuesPerPoint = 5
  static let minimumScore: Float = 0.5
  private static let inputSide: Float = 256

  /// The model's raw outputs.
  struct Outputs {
    /// Per point x, y and z in pixels of the input, visibility and presence before the sigmoid.
    let points: UnsafeBufferPointer<Float>
    /// 64 × 64 × 39, before the sigmoid.
    let heatmap: UnsafeBufferPointer<Float>
    /// Per point x, y and z in metres.
    let world: UnsafeBufferPointer<Float>
  }

  struct Result {
    let landmarks: [Landmark2D]
    let worldLandmarks: [WorldLandmark]
    let alignment: AlignmentPoints
  }

  /// - Parameter region: what the model was shown.
  static func decode(_ outputs: Outputs, region: SquareRegion) -> Result {
    let refined = (0..<PoseLandmark.count + 2).map { index in
      let values = outputs.points.baseAddress! + index * valuesPerPoint
      return HeatmapRefinement.refine(
        u: values[0] / inputSide, v: values[1] / inputSide, channel: index, heatmap: outputs.heatmap)
    }
    let points = refined.map { region.framePoint($0.u, $0.v) }
    let landmarks = (0..<PoseLandmark.count).map { index in
      let values = outputs.points.baseAddress! + index * valuesPerPoint
      return Landmark2D(
        xPx: points[index].x, yPx: points[index].y, visibility: sigmoid(values[3]), presence: sigmoid(values[4]))
    }
    return Result(
      landmarks: landmarks, worldLandmarks: worldLandmarks(outputs.world, rotation: region.rotation),
      alignment: AlignmentPoints(hips: points[PoseLandmark.count], top: points[PoseLandmark.count + 1]))
  }

  /// The model sees the person upright; turning by the region's rotation brings the picture's axes back.
  private static func worldLandmarks(_ world: UnsafeBufferPointer<Float>, rotation: Float) -> [WorldLandmark] {
    let turn = SquareRegion(centreX: 0, centreY: 0, side: 1, rotation: rotation)
    return (0..<PoseLandmark.count).map { index in
      let point = turn.framePoint(world[3 * index] + 0.5, world[3 * index + 1] + 0.5)
      return WorldLandmark(x: point.x, y: point.y, z: world[3 * index + 2])
    }
  }
}
