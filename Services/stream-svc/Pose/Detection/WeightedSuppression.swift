/// Merges overlapping detections of the same person: each surviving detection is the mean of those that overlap the
/// best-scored one, weighted by score.
///
/// Source: MediaPipe's `NonMaxSuppressionCalculator`, algorithm `WEIGHTED`, threshold 0.3 on intersection over union.
enum WeightedSuppression {
  static let minimumOverlap: Float = 0.3

  /// The merged detections, best score first.
  static func merge(_ detections: [Detection]) -> [Detection] {
    var remaining = detections.sorted { $0.score > $1.score }
    var merged: [Detection] = []
    while let best = remaining.first {
      let group = remaining.filter { $0.box.overlap(best.box) > minimumOverlap }
      merged.append(group.isEmpty ? best : mean(of: group, like: best))
      // A box without an area overlaps nothing, not even itself; it must still leave the list.
      remaining = Array(remaining.dropFirst()).filter { $0.box.overlap(best.box) <= minimumOverlap }
    }
    return merged
  }

  private static func mean(of group: [Detection], like best: Detection) -> Detection {
    let total = group.reduce(0) { $0 + $1.score }
    func weighted(_ value: (Detection) -> Float) -> Float { group.reduce(0) { $0 + value($1) * $1.score } / total }
    var result = best
    result.box = Detection.Box(
      left: weighted { $0.box.left }, top: weighted { $0.box.top }, right: weighted { $0.box.right },
      bottom: weighted { $0.box.bottom })
    for point in result.keyPoints.indices {
      result.keyPoints[point] = Detection.KeyPoint(
        u: weighted { $0.keyPoints[point].u }, v: weighted { $0.keyPoints[point].v })
    }
    return result
  }
}
