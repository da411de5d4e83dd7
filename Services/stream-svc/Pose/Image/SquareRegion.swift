import Glibc

/// A square of a frame, possibly rotated and reaching past its edges: what a model gets to see. Frame coordinates are
/// pixels from the top left; region coordinates run from 0 to 1 across and down the square.
public struct SquareRegion: Equatable, Sendable {
  /// The centre, in pixels of the frame.
  public var centreX: Float
  public var centreY: Float
  /// The length of a side, in pixels of the frame.
  public var side: Float
  /// Clockwise on the screen, in radians.
  public var rotation: Float

  public init(centreX: Float, centreY: Float, side: Float, rotation: Float) {
    self.centreX = centreX
    self.centreY = centreY
    self.side = side
    self.rotation = rotation
  }

  /// The upright square around a whole frame: the detector's letterbox, whose bars lie outside the frame.
  public init(letterboxing width: Int, _ height: Int) {
    self.init(centreX: Float(width) / 2, centreY: Float(height) / 2, side: Float(max(width, height)), rotation: 0)
  }

  /// The region around a person who is given by two alignment points: the middle of the hips, and a point that tells
  /// the body's size and direction. The distance between them is half the person's extent; a quarter is added on.
  ///
  /// Source: MediaPipe's `AlignmentPointsRectsCalculator` with a target angle of 90° and `RectTransformationCalculator`
  /// with a scale of 1.25.
  public init(around points: AlignmentPoints) {
    self.init(
      centreX: points.hips.x, centreY: points.hips.y, side: 1.25 * points.extent,
      rotation: Self.normalised(.pi / 2 - atan2(points.hips.y - points.top.y, points.top.x - points.hips.x)))
  }

  /// Whether the region can be drawn: models can give anything, infinity included.
  var isUsable: Bool {
    rotation.isFinite && (1...100_000).contains(side) && abs(centreX) <= 1_000_000 && abs(centreY) <= 1_000_000
  }

  /// Where a point of the region lies in the frame.
  public func framePoint(_ u: Float, _ v: Float) -> FramePoint {
    let (sine, cosine) = (sin(rotation), cos(rotation))
    let (x, y) = ((u - 0.5) * side, (v - 0.5) * side)
    return FramePoint(x: centreX + cosine * x - sine * y, y: centreY + sine * x + cosine * y)
  }

  /// Where a point of the frame lies in the region.
  public func regionPoint(_ point: FramePoint) -> (u: Float, v: Float) {
    let (sine, cosine) = (sin(rotation), cos(rotation))
    let (x, y) = (point.x - centreX, point.y - centreY)
    return ((cosine * x + sine * y) / side + 0.5, (cosine * y - sine * x) / side + 0.5)
  }

  /// The same angle between -π and π.
  static func normalised(_ angle: Float) -> Float {
    angle - 2 * .pi * floor((angle + .pi) / (2 * .pi))
  }
}
