import Messages
import Timing

/// What one camera would have seen at an instant of the common grid.
public struct AlignedView: Sendable, Equatable {
  public let device: DeviceID
  /// The picture's size, pixels.
  public let size: PixelSize
  /// 33 joints in the order of `PoseLandmark`, pixels of this picture.
  public let joints: [Observation2D.Joint]
  /// How far the camera's nearest frame is from the instant, microseconds.
  public let distanceMicroseconds: Int64

  public init(device: DeviceID, size: PixelSize, joints: [Observation2D.Joint], distanceMicroseconds: Int64) {
    self.device = device
    self.size = size
    self.joints = joints
    self.distanceMicroseconds = distanceMicroseconds
  }
}

/// All cameras at one instant of the common grid.
public struct AlignedSet: Sendable, Equatable {
  public let time: SessionTime
  /// The largest of the used frames' clock error bounds.
  public let clockErrorBoundMicroseconds: UInt32
  /// At least two.
  public let views: [AlignedView]

  public init(time: SessionTime, clockErrorBoundMicroseconds: UInt32, views: [AlignedView]) {
    self.time = time
    self.clockErrorBoundMicroseconds = clockErrorBoundMicroseconds
    self.views = views
  }
}
