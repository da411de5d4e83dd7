import Testing

@testable import PoseEstimation

/// Boxes are decoded relative to their anchors, and overlapping ones merged.
struct DetectionTests {
  private let decoder = DetectionDecoder()

  private func decode(_ change: (inout [Float], inout [Float]) -> Void) -> [Detection] {
    var boxes = [Float](repeating: 0, count: 2254 * 12)
    var scores = [Float](repeating: -10, count: 2254)
    change(&boxes, &scores)
    return boxes.withUnsafeBufferPointer { boxes in
      scores.withUnsafeBufferPointer { scores in decoder.detections(boxes: boxes, scores: scores) }
    }
  }

  @Test func decodesRelativeToTheAnchor() throws {
    let found = decode { boxes, scores in
      scores[2253] = 2
      // Offsets in pixels of the 224-pixel input: x, y, width, height, then four key points.
      boxes.replaceSubrange(
        2253 * 12..<2254 * 12, with: [22.4, -22.4, 44.8, 67.2, 0, 0, 11.2, -11.2, 2.24, 4.48, -2.24, -4.48])
    }
    let detection = try #require(found.first)
    #expect(found.count == 1)
    let anchor: Float = 6.5 / 7
    #expect(abs(detection.score - 0.8808) < 1e-4)
    #expect(abs(detection.box.left - (anchor + 0.1 - 0.1)) < 1e-5)
    #expect(abs(detection.box.right - (anchor + 0.1 + 0.1)) < 1e-5)
    #expect(abs(detection.box.top - (anchor - 0.1 - 0.15)) < 1e-5)
    #expect(abs(detection.box.bottom - (anchor - 0.1 + 0.15)) < 1e-5)
    #expect(detection.keyPoints[0] == Detection.KeyPoint(u: anchor, v: anchor))
    #expect(abs(detection.keyPoints[1].u - (anchor + 0.05)) < 1e-5)
    #expect(abs(detection.keyPoints[1].v - (anchor - 0.05)) < 1e-5)
  }

  @Test func leavesOutWhatIsUnlikelyOrImpossible() {
    let found = decode { boxes, scores in
      scores[0] = -0.01
      scores[1] = 1
      boxes[12 + 2] = -5
      scores[2] = 1
      boxes[24] = .nan
      scores[3] = 0
    }
    #expect(found.count == 1)
    #expect(found.first?.score == 0.5)
  }

  private func box(_ left: Float, _ top: Float, score: Float, size: Float = 0.2) -> Detection {
    Detection(
      score: score, box: Detection.Box(left: left, top: top, right: left + size, bottom: top + size),
      keyPoints: Array(repeating: Detection.KeyPoint(u: left, v: top), count: 4))
  }

  @Test func overlapIsIntersectionOverUnion() {
    let first = box(0, 0, score: 1).box
    #expect(first.overlap(first) == 1)
    #expect(abs(first.overlap(box(0.1, 0, score: 1).box) - 1 / 3) < 1e-5)
    #expect(first.overlap(box(0.2, 0, score: 1).box) == 0)
    #expect(first.overlap(box(0.5, 0.5, score: 1).box) == 0)
  }

  @Test func mergesOverlappingDetectionsByScore() throws {
    let merged = WeightedSuppression.merge([
      box(0.52, 0.5, score: 0.6), box(0.1, 0.1, score: 0.7), box(0.5, 0.5, score: 0.9),
    ])
    #expect(merged.map(\.score) == [0.9, 0.7])
    // The mean of both, weighted by score.
    #expect(abs(merged[0].box.left - (0.5 * 0.9 + 0.52 * 0.6) / 1.5) < 1e-5)
    #expect(abs(merged[0].keyPoints[1].u - (0.5 * 0.9 + 0.52 * 0.6) / 1.5) < 1e-5)
    #expect(merged[1] == box(0.1, 0.1, score: 0.7))
  }

  @Test func keepsNeighboursThatOverlapLittle() {
    // 0.1 of 0.2 apart both ways: a seventh of the union.
    #expect(WeightedSuppression.merge([box(0, 0, score: 0.9), box(0.1, 0.1, score: 0.8)]).count == 2)
  }

  @Test func endsWithBoxesWithoutArea() {
    let point = box(0.3, 0.3, score: 0.9, size: 0)
    #expect(WeightedSuppression.merge([point, point, point]).count == 3)
    #expect(WeightedSuppression.merge([]).isEmpty)
  }
}
