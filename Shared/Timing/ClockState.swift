/// What is known of a device's clock at one instant.
public struct ClockState: Equatable, Sendable {
  /// SessionTime − DeviceTime.
  public let offsetMicroseconds: Double
  /// The true offset lies within this distance of `offsetMicroseconds`.
  public let errorBoundMicroseconds: UInt32
  /// Rate of the device's clock against the server's; positive runs fast.
  public let driftPpm: Double
  /// What the bound is mostly made of, when it is not good.
  public let cause: ClockCause?

  public init(offsetMicroseconds: Double, errorBoundMicroseconds: UInt32, driftPpm: Double, cause: ClockCause? = nil) {
    self.offsetMicroseconds = offsetMicroseconds
    self.errorBoundMicroseconds = errorBoundMicroseconds
    self.driftPpm = driftPpm
    self.cause = cause
  }
}
