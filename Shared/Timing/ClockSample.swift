/// One complete clock exchange between a phone and the server: the four timestamps of NTP (RFC 5905, section 8).
///
/// `deviceSent` and `deviceReceived` are the phone's; the other two are taken where the bytes arrive and leave.
public struct ClockSample: Hashable, Codable, Sendable {
  public let deviceSent: DeviceTime
  public let serverReceived: SessionTime
  public let serverSent: SessionTime
  public let deviceReceived: DeviceTime

  public init(
    deviceSent: DeviceTime, serverReceived: SessionTime, serverSent: SessionTime, deviceReceived: DeviceTime
  ) {
    self.deviceSent = deviceSent
    self.serverReceived = serverReceived
    self.serverSent = serverSent
    self.deviceReceived = deviceReceived
  }

  /// Time on the wire there and back, in microseconds.
  public var roundTripMicroseconds: Int64 {
    (deviceReceived - deviceSent) &- (serverSent - serverReceived)
  }

  /// SessionTime − DeviceTime in microseconds, exact when both legs took equally long.
  ///
  /// Halving the sum of two small differences keeps the large absolute values from overflowing.
  public var offsetMicroseconds: Double {
    let outbound = serverReceived.microseconds &- deviceSent.microseconds
    let inbound = serverSent.microseconds &- deviceReceived.microseconds
    return Double(outbound) + Double(inbound &- outbound) / 2
  }

  /// The middle of the exchange on the phone's clock: the instant that `offsetMicroseconds` belongs to.
  public var deviceMidpoint: DeviceTime { deviceSent + (deviceReceived - deviceSent) / 2 }
}
