/// Where one landmark appears in a frame.
public struct Landmark2D: Equatable, Sendable {
  /// Pixels of the frame as sent, from the left; whole numbers are the centres of pixels. May lie outside the frame.
  public var xPx: Float
  /// Pixels from the top.
  public var yPx: Float
  /// How likely the landmark is to be seen rather than hidden by something, 0 to 1.
  public var visibility: Float
  /// How likely the landmark is to lie inside the frame, 0 to 1.
  public var presence: Float

  public init(xPx: Float, yPx: Float, visibility: Float, presence: Float) {
    self.xPx = xPx
    self.yPx = yPx
    self.visibility = visibility
    self.presence = presence
  }
}

/// One landmark in space as a single camera guesses it, in metres from the middle of the hips: x to the right of the
/// picture, y down, z away from the camera.
public struct WorldLandmark: Equatable, Sendable {
  public var x: Float
  public var y: Float
  public var z: Float

  public init(x: Float, y: Float, z: Float) {
    self.x = x
    self.y = y
    self.z = z
  }
}

/// One person in one frame.
public struct PoseEstimate: Equatable, Sendable {
  /// The frame's size in pixels.
  public var frameWidth: Int
  public var frameHeight: Int
  /// 33, in the order of `PoseLandmark`.
  public var landmarks: [Landmark2D]
  /// 33, in the same order.
  public var worldLandmarks: [WorldLandmark]
  /// How sure the model is that the region shows a person, 0.5 to 1.
  public var score: Float
  /// What the landmark model looked at.
  public var region: SquareRegion
  /// Whether the person had to be searched for, rather than followed from the frame before.
  public var detectorRan: Bool
}
