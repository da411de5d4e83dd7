/// A point of a frame, in its pixels: x to the right, y down. Whole numbers are the centres of pixels, as in OpenCV.
public struct FramePoint: Equatable, Sendable {
  public var x: Float
  public var y: Float

  public init(x: Float, y: Float) {
    self.x = x
    self.y = y
  }
}
