import Glibc

/// Turns the detector's two output tensors into detections.
///
/// Source: options of MediaPipe's `TensorsToDetectionsCalculator` in `pose_detection_cpu.pbtxt`.
struct DetectionDecoder {
  static let keyPointCount = 4
  static let valuesPerBox = 4 + 2 * keyPointCount
  static let minimumScore: Float = 0.5
  private static let inputSide: Float = 224

  let anchors = AnchorGrid().centres

  /// The detections whose score reaches 0.5, in the anchors' order.
  ///
  /// - Parameters:
  ///   - boxes: per anchor x, y, width, height and four key points, in pixels relative to the anchor.
  ///   - scores: per anchor, before the sigmoid.
  func detections(boxes: UnsafeBufferPointer<Float>, scores: UnsafeBufferPointer<Float>) -> [Detection] {
    precondition(boxes.count == anchors.count * Self.valuesPerBox && scores.count == anchors.count)
    var found: [Detection] = []
    // sigmoid(x) ≥ 0.5 exactly when x ≥ 0, so nearly all anchors are settled without an exponential.
    for (index, anchor) in anchors.enumerated() where scores[index] >= 0 {
      let values = boxes.baseAddress! + index * Self.valuesPerBox
      let x = values[0] / Self.inputSide + anchor.x
      let y = values[1] / Self.inputSide + anchor.y
      let width = values[2] / Self.inputSide
      let height = values[3] / Self.inputSide
      guard width >= 0, height >= 0, x.isFinite, y.isFinite else { continue }
      found.append(
        Detection(
          score: sigmoid(min(scores[index], 100)),
          box: Detection.Box(left: x - width / 2, top: y - height / 2, right: x + width / 2, bottom: y + height / 2),
          keyPoints: (0..<Self.keyPointCount).map { point in
            Detection.KeyPoint(
              u: values[4 + 2 * point] / Self.inputSide + anchor.x,
              v: values[5 + 2 * point] / Self.inputSide + anchor.y)
          }))
    }
    return found
  }
}

/// The logistic function, as the models' outputs want it applied.
@inline(__always)
func sigmoid(_ x: Float) -> Float { 1 / (1 + expf(-x)) }
