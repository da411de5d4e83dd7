import Glibc

/// The two points that both models give to say where a person is: the middle of the hips, and a point above the head
/// along the body, as far from the hips as the person reaches.
public struct AlignmentPoints: Equatable, Sendable {
  public var hips: FramePoint
  public var top: FramePoint

  public init(hips: FramePoint, top: FramePoint) {
    self.hips = hips
    self.top = top
  }

  /// The person's extent in pixels: twice the distance between the points.
  public var extent: Float { 2 * hypot(top.x - hips.x, top.y - hips.y) }
}
