/// A person as the detector sees one: a box around the face and four key points, all as fractions of its input.
struct Detection: Equatable {
  struct Box: Equatable {
    var left: Float
    var top: Float
    var right: Float
    var bottom: Float

    var area: Float { (right - left) * (bottom - top) }

    /// Intersection over union, 0 for boxes apart.
    func overlap(_ other: Box) -> Float {
      let width = min(right, other.right) - max(left, other.left)
      let height = min(bottom, other.bottom) - max(top, other.top)
      guard width > 0, height > 0 else { return 0 }
      let shared = width * height
      let union = area + other.area - shared
      return union > 0 ? shared / union : 0
    }
  }

  struct KeyPoint: Equatable {
    var u: Float
    var v: Float
  }

  var score: Float
  var box: Box
  /// Middle of the hips; size and direction of the body; middle of the shoulders; size and direction of the upper body.
  var keyPoints: [KeyPoint]

  /// The points that place the region of interest, in the frame.
  ///
  /// - Parameter region: what the detector was shown.
  func alignment(in region: SquareRegion) -> AlignmentPoints {
    AlignmentPoints(
      hips: region.framePoint(keyPoints[0].u, keyPoints[0].v), top: region.framePoint(keyPoints[1].u, keyPoints[1].v))
  }
}
