import CAVFormat
import Messages
import Timing

/// The first 64 bytes of an index file (`0001.idx`), little-endian:
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 4 | `AXI1` |
/// | 4 | 1 | kind: 1 live, 2 fill (frames that were sent again, out of order) |
/// | 5 | 1 | 1 when the Matroska file stays as it is: its trailer, or pictures that lost their records, follow the last end |
/// | 6 | 2 | stream-svc instance that wrote it |
/// | 8 | 8 | SessionTime µs of Matroska time 0, signed |
/// | 16 | 8 | the same instant in µs since the Unix epoch, signed |
/// | 24 | 16 | boot id of the machine: SessionTime counts from its start |
/// | 40 | 8 | end of the Matroska header: the first frame's cluster starts here |
/// | 48 | 4 | how late the phone's camera is, µs (`AXOLOTL_CAMERA_LATENCY`): SessionTimes have it taken off, DeviceTimes not |
/// | 52 | 8 | zero |
/// | 60 | 4 | CRC-32 (IEEE) of the 60 bytes before, with byte 5 taken as zero |
public struct IndexHeader: Equatable, Sendable {
  public static let size = 64
  static let finishedFlagOffset = 5

  public let kind: SegmentKind
  public var isFinished: Bool
  public let instance: UInt16
  public let anchor: UTCAnchor
  public let boot: BootID
  public let firstClusterOffset: UInt64
  public let cameraLatencyMicroseconds: UInt32

  public init(
    kind: SegmentKind, isFinished: Bool = false, instance: UInt16, anchor: UTCAnchor, boot: BootID,
    firstClusterOffset: UInt64, cameraLatencyMicroseconds: UInt32 = 0
  ) {
    self.kind = kind
    self.isFinished = isFinished
    self.instance = instance
    self.anchor = anchor
    self.boot = boot
    self.firstClusterOffset = firstClusterOffset
    self.cameraLatencyMicroseconds = cameraLatencyMicroseconds
  }

  public init(decoding bytes: UnsafeRawBufferPointer) throws(DecodingFailure) {
    var reader = ByteReader(bytes)
    try reader.magic("AXI1")
    guard let kind = SegmentKind(rawValue: try reader.integer()) else { throw .unknownValue(field: "kind") }
    guard let finished = Optional(try reader.integer(UInt8.self)), finished <= 1 else {
      throw .unknownValue(field: "finished")
    }
    let instance: UInt16 = try reader.integer()
    let start = SessionTime(microseconds: try reader.integer())
    let utc: Int64 = try reader.integer()
    let boot = BootID(high: try reader.integer(), low: try reader.integer())
    let firstCluster: UInt64 = try reader.integer()
    let latency: UInt32 = try reader.integer()
    guard try reader.integer(UInt64.self) == 0 else { throw .invalid(field: "reserved") }
    let checksum: UInt32 = try reader.integer()
    try reader.finish()
    self.init(
      kind: kind, isFinished: finished == 1, instance: instance,
      anchor: UTCAnchor(sessionTime: start, utcMicroseconds: utc), boot: boot, firstClusterOffset: firstCluster,
      cameraLatencyMicroseconds: latency)
    guard checksum == checksumOfUnfinished() else { throw .invalid(field: "checksum") }
  }

  public func encoded() -> [UInt8] {
    var bytes = withoutChecksum(finished: isFinished)
    bytes.integer(checksumOfUnfinished())
    return bytes.bytes
  }

  private func checksumOfUnfinished() -> UInt32 { crc32(withoutChecksum(finished: false).bytes) }

  private func withoutChecksum(finished: Bool) -> ByteWriter {
    var writer = ByteWriter(reservingCapacity: Self.size)
    writer.magic("AXI1")
    writer.integer(kind.rawValue)
    writer.integer(UInt8(finished ? 1 : 0))
    writer.integer(instance)
    writer.integer(anchor.sessionTime.microseconds)
    writer.integer(anchor.utcMicroseconds)
    writer.integer(boot.high)
    writer.integer(boot.low)
    writer.integer(firstClusterOffset)
    writer.integer(cameraLatencyMicroseconds)
    writer.integer(UInt64(0))
    return writer
  }
}

/// One frame in an index file, 48 bytes, little-endian:
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 4 | sequence number; 0: the record of this picture was lost, and readers pass it over |
/// | 4 | 2+2 | width, height |
/// | 8 | 8 | capture instant, DeviceTime µs, signed, as the phone said it |
/// | 16 | 8 | capture instant, SessionTime µs, signed: the estimate when the frame arrived |
/// | 24 | 4 | error bound of that estimate, µs; 0xFFFFFFFF: no clock exchange yet, the time is that of arrival |
/// | 28 | 4 | bytes of the JPEG file |
/// | 32 | 8 | end of the frame's cluster in the Matroska file |
/// | 40 | 4 | Matroska time, ms |
/// | 44 | 4 | CRC-32 (IEEE) of the 44 bytes before |
///
/// A record counts only when its checksum is right and the Matroska file reaches its end offset.
public struct IndexRecord: Equatable, Sendable {
  public static let size = 48

  public let sequence: UInt32
  public let width: UInt16
  public let height: UInt16
  public let deviceTime: DeviceTime
  public let reading: ClockReading
  public let payloadBytes: UInt32
  public let endOffset: UInt64
  public let timestampMilliseconds: UInt32

  public init(
    sequence: UInt32, width: UInt16, height: UInt16, deviceTime: DeviceTime, reading: ClockReading,
    payloadBytes: UInt32, endOffset: UInt64, timestampMilliseconds: UInt32
  ) {
    self.sequence = sequence
    self.width = width
    self.height = height
    self.deviceTime = deviceTime
    self.reading = reading
    self.payloadBytes = payloadBytes
    self.endOffset = endOffset
    self.timestampMilliseconds = timestampMilliseconds
  }

  /// Keeps the place of a picture in the Matroska file of which nothing else is known any more.
  init(ofUnknownWith payloadBytes: UInt32, endOffset: UInt64, timestampMilliseconds: UInt32) {
    self.init(
      sequence: 0, width: 0, height: 0, deviceTime: DeviceTime(microseconds: 0),
      reading: ClockReading(time: .zero, errorBoundMicroseconds: .max), payloadBytes: payloadBytes,
      endOffset: endOffset, timestampMilliseconds: timestampMilliseconds)
  }

  /// Whether it says no more than that there is a picture.
  public var isUnknown: Bool { sequence == 0 }

  public init(decoding bytes: UnsafeRawBufferPointer) throws(DecodingFailure) {
    var reader = ByteReader(bytes)
    sequence = try reader.integer()
    width = try reader.integer()
    height = try reader.integer()
    deviceTime = DeviceTime(microseconds: try reader.integer())
    let time = SessionTime(microseconds: try reader.integer())
    reading = ClockReading(time: time, errorBoundMicroseconds: try reader.integer())
    payloadBytes = try reader.integer()
    endOffset = try reader.integer()
    timestampMilliseconds = try reader.integer()
    let checksum: UInt32 = try reader.integer()
    try reader.finish()
    guard checksum == crc32(UnsafeRawBufferPointer(rebasing: bytes[..<44])) else { throw .invalid(field: "checksum") }
  }

  public func encode(into writer: inout ByteWriter) {
    let start = writer.bytes.count
    writer.integer(sequence)
    writer.integer(width)
    writer.integer(height)
    writer.integer(deviceTime.microseconds)
    writer.integer(reading.time.microseconds)
    writer.integer(reading.errorBoundMicroseconds)
    writer.integer(payloadBytes)
    writer.integer(endOffset)
    writer.integer(timestampMilliseconds)
    writer.integer(writer.bytes[start...].withUnsafeBytes { crc32($0) })
  }
}

/// Why a segment exists.
public enum SegmentKind: UInt8, Sendable {
  /// Frames as they come from the phone, in order.
  case live = 1
  /// Frames that came later than younger ones: sent again after a break. In order among themselves.
  case fill = 2
}

/// CRC-32 as zlib and Ethernet compute it.
func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
  ~av_crc(
    av_crc_get_table(AV_CRC_32_IEEE_LE), .max, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
}

func crc32(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { crc32($0) } }
