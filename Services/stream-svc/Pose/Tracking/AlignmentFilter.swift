/// Steadies the alignment points from frame to frame, so that the region does not tremble with them.
///
/// Source: the auxiliary landmarks' filter in MediaPipe's `pose_landmark_filtering.pbtxt`, which runs there whether or
/// not the landmarks themselves are smoothed.
struct AlignmentFilter: Equatable, Sendable {
  private static let settings = OneEuroFilter.Settings(minimumCutoff: 0.01, beta: 10, speedCutoff: 1)
  private var filters = Array(repeating: OneEuroFilter(settings), count: 4)
  private var lastMicroseconds: Int64?

  init() {}

  /// The steadied points. Points that are no newer than the last are returned as they are.
  mutating func apply(_ points: AlignmentPoints, atMicroseconds time: Int64) -> AlignmentPoints {
    let extent = Double(points.extent)
    let seconds = lastMicroseconds.map { Double(time - $0) * 1e-6 }
    guard extent > 1e-6, (seconds ?? 1) > 0 else { return points }
    lastMicroseconds = time
    func filtered(_ index: Int, _ value: Float) -> Float {
      filters[index].apply(value, after: seconds ?? 1, scale: 1 / extent)
    }
    return AlignmentPoints(
      hips: FramePoint(x: filtered(0, points.hips.x), y: filtered(1, points.hips.y)),
      top: FramePoint(x: filtered(2, points.top.x), y: filtered(3, points.top.y)))
  }
}
