/// Moves a landmark to the centre of gravity of its heatmap, near where regression put it.
///
/// Source: MediaPipe's `RefineLandmarksFromHeatmapCalculator` with a kernel of 7 and a least confidence of 0.5.
enum HeatmapRefinement {
  static let side = 64
  static let channels = 39
  private static let reach = 3
  private static let minimumConfidence: Float = 0.5

  /// - Parameters:
  ///   - u, v: the landmark as fractions of the region.
  ///   - channel: which of the heatmaps is the landmark's.
  ///   - heatmap: rows × columns × channels, before the sigmoid.
  static func refine(u: Float, v: Float, channel: Int, heatmap: UnsafeBufferPointer<Float>) -> (u: Float, v: Float) {
    precondition(heatmap.count == side * side * channels && channel < channels)
    // Truncating as MediaPipe does; a point beyond the heatmap, or none at all, is left alone.
    guard u.isFinite, v.isFinite, abs(u) < 2, abs(v) < 2 else { return (u, v) }
    let (column, row) = (Int(u * Float(side)), Int(v * Float(side)))
    guard (0..<side).contains(column), (0..<side).contains(row) else { return (u, v) }
    var (sum, sumU, sumV, peak): (Float, Float, Float, Float) = (0, 0, 0, 0)
    for y in max(0, row - reach)...min(side - 1, row + reach) {
      for x in max(0, column - reach)...min(side - 1, column + reach) {
        let confidence = sigmoid(heatmap[(y * side + x) * channels + channel])
        sum += confidence
        sumU += Float(x) * confidence
        sumV += Float(y) * confidence
        peak = max(peak, confidence)
      }
    }
    guard peak >= minimumConfidence else { return (u, v) }
    return (sumU / sum / Float(side), sumV / sum / Float(side))
  }
}
