/// What is known of a device's clock at one instant.
public struct ClockState: Equatable, Sendable {
  /// SessionTime − DeviceTime.
  public let offsetMicroseconds: Double
  /// The true offset lies within this distance of `offsetMicroseconds`.
  public let errorBoundMicroseconds: UInt32
  /// Rate of the device's clock against the server's; positive runs fast.
  public let driftPpm: Double

  public init(offsetMicroseconds: Double, errorBoundMicroseconds: UInt32, driftPpm: Double) {
    self.offsetMicroseconds = offsetMicroseconds
    self.errorBoundMicroseconds = errorBoundMicroseconds
    self.driftPpm = driftPpm
  }
}
