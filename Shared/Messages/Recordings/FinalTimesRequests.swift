import FoundationEssentials
import Timing

/// The times of all recorded frames of a session as its clocks' exchanges say them afterwards (`0001.times`); what is missing of
/// them, after a kill, is made first. Any stream-svc instance can answer.
public struct ReadFinalTimes: ServiceRequest {
  public struct Reply: Codable, Sendable {
    /// At most `maximumPiece` bytes of the `FinalDeviceTimes` of all devices, one after another; empty at the end.
    public let piece: Data
    /// Of the whole; another number than before means that it has changed meanwhile.
    public let totalBytes: Int
    /// Devices whose folder is in use: a phone still streams, or its files are being finished.
    public let devicesInUse: Int

    public init(piece: Data, totalBytes: Int, devicesInUse: Int) {
      self.piece = piece
      self.totalBytes = totalBytes
      self.devicesInUse = devicesInUse
    }
  }
  public static let name = "recordings.final_times"
  public static let maximumPiece = 1024 * 1024
  /// Making what is missing reads all exchanges of a session.
  public static let deadline = Duration.seconds(20)

  public let session: SessionID
  public let offset: Int

  public init(session: SessionID, offset: Int) {
    self.session = session
    self.offset = offset
  }
}

/// The final times of one device's frames. Little-endian: the device as a short string, how many (u32), then for each the
/// sequence number u32, the error bound u32 (µs) and the capture instant i64 (SessionTime µs).
public struct FinalDeviceTimes: Hashable, Sendable {
  public struct Time: Hashable, Sendable {
    public let sequence: UInt32
    public let reading: ClockReading

    public init(sequence: UInt32, reading: ClockReading) {
      self.sequence = sequence
      self.reading = reading
    }
  }

  public let device: DeviceID
  public let times: [Time]

  public init(device: DeviceID, times: [Time]) {
    self.device = device
    self.times = times
  }

  public func encode(into writer: inout ByteWriter) {
    writer.shortString(device.text)
    writer.integer(UInt32(times.count))
    for time in times {
      writer.integer(time.sequence)
      writer.integer(time.reading.errorBoundMicroseconds)
      writer.integer(time.reading.time.microseconds)
    }
  }

  /// All devices, one after another.
  public static func decode(_ bytes: UnsafeRawBufferPointer) throws(DecodingFailure) -> [FinalDeviceTimes] {
    var reader = ByteReader(bytes)
    var devices: [FinalDeviceTimes] = []
    while reader.remaining > 0 { devices.append(try FinalDeviceTimes(reading: &reader)) }
    return devices
  }

  private init(reading reader: inout ByteReader) throws(DecodingFailure) {
    guard let device = DeviceID(try reader.shortString("device")) else { throw .invalid(field: "device") }
    let count: UInt32 = try reader.integer()
    var times: [Time] = []
    for _ in 0..<count {
      let sequence: UInt32 = try reader.integer()
      let bound: UInt32 = try reader.integer()
      let time = SessionTime(microseconds: try reader.integer())
      times.append(Time(sequence: sequence, reading: ClockReading(time: time, errorBoundMicroseconds: bound)))
    }
    self.init(device: device, times: times)
  }
}
