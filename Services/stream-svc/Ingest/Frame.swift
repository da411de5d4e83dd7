import Bus
import Messages
import Timing

/// A frame that passed every check. The bytes are those that the phone sent, shared and never copied.
public struct CheckedFrame: Sendable {
  public let header: FrameHeader
  /// Header and payload.
  public let message: BusMessage
  /// When the bytes arrived at the server.
  public let arrived: SessionTime

  public init(header: FrameHeader, message: BusMessage, arrived: SessionTime) {
    self.header = header
    self.message = message
    self.arrived = arrived
  }

  public func withPayload<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try message.withUnsafeBytes { bytes throws(Failure) in
      try body(UnsafeRawBufferPointer(rebasing: bytes[FrameHeader.size...]))
    }
  }
}

/// A checked frame and its place in session time, as known when it arrived.
public struct TimedFrame: Sendable {
  public let frame: CheckedFrame
  public let reading: ClockReading
  /// How late the phone's camera is, µs: taken off the header's capture instant before it was read.
  public let cameraLatencyMicroseconds: UInt32

  public init(frame: CheckedFrame, reading: ClockReading, cameraLatencyMicroseconds: UInt32 = 0) {
    self.frame = frame
    self.reading = reading
    self.cameraLatencyMicroseconds = cameraLatencyMicroseconds
  }

  public var sequence: UInt32 { frame.header.sequence }
}
