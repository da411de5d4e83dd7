import Glibc
import Messages
import Timing

/// `0001.times` beside `0001.idx`: the same frames' session times once more, with all that was learned of the clock later.
///
/// The index keeps what was known when a frame came; this is known from the exchanges before and after it (`ClockHistory`)
/// and supersedes it. Made for all segments of a device when its connection or the process ends, or when asked for after a
/// kill (`TimesCorrection`). Little-endian:
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 4 | `AXT1` |
/// | 4 | 4 | how many records |
/// | 8 | 8 | zero |
/// | 16 | 16 | boot id of the machine, as in the index |
/// | 32 + 16 n | 4 | sequence number, in the order of the index |
/// | 36 + 16 n | 4 | error bound, µs |
/// | 40 + 16 n | 8 | capture instant, SessionTime µs, signed |
/// | end − 4 | 4 | CRC-32 (IEEE) of all before |
struct CorrectedTimes: Equatable, Sendable {
  struct Record: Equatable, Sendable {
    let sequence: UInt32
    let reading: ClockReading
  }

  let boot: BootID
  let records: [Record]

  private static let headerSize = 32
  private static let recordSize = 16
  private static let checksumSize = 4

  /// What `history` makes of a segment's frames. Nil when it knows nothing, or the segment is of another boot.
  init?(of segment: StoredSegment, history: ClockHistory, boot: BootID) {
    guard segment.header.boot == boot else { return nil }
    var records: [Record] = []
    records.reserveCapacity(segment.records.count)
    let latency = Int64(segment.header.cameraLatencyMicroseconds)
    for record in segment.records {
      guard let reading = history.reading(of: record.deviceTime + -latency, live: record.reading.time) else {
        return nil
      }
      records.append(Record(sequence: record.sequence, reading: reading))
    }
    self.boot = boot
    self.records = records
  }

  init(decoding bytes: UnsafeRawBufferPointer) throws(DecodingFailure) {
    let end = bytes.count - Self.checksumSize
    guard end >= Self.headerSize else {
      throw .truncated(needed: Self.headerSize + Self.checksumSize, have: bytes.count)
    }
    var reader = ByteReader(bytes)
    try reader.magic("AXT1")
    let count = Int(try reader.integer(UInt32.self))
    guard try reader.integer(UInt64.self) == 0 else { throw .invalid(field: "reserved") }
    boot = BootID(high: try reader.integer(), low: try reader.integer())
    guard end == Self.headerSize + count * Self.recordSize else { throw .invalid(field: "count") }
    var records: [Record] = []
    records.reserveCapacity(count)
    for _ in 0..<count {
      let sequence: UInt32 = try reader.integer()
      let bound: UInt32 = try reader.integer()
      let time = SessionTime(microseconds: try reader.integer())
      records.append(Record(sequence: sequence, reading: ClockReading(time: time, errorBoundMicroseconds: bound)))
    }
    self.records = records
    let checksum: UInt32 = try reader.integer()
    try reader.finish()
    guard checksum == crc32(UnsafeRawBufferPointer(rebasing: bytes[..<end])) else { throw .invalid(field: "checksum") }
  }

  func encoded() -> [UInt8] {
    var writer = ByteWriter(
      reservingCapacity: Self.headerSize + records.count * Self.recordSize + Self.checksumSize)
    writer.magic("AXT1")
    writer.integer(UInt32(records.count))
    writer.integer(UInt64(0))
    writer.integer(boot.high)
    writer.integer(boot.low)
    for record in records {
      writer.integer(record.sequence)
      writer.integer(record.reading.errorBoundMicroseconds)
      writer.integer(record.reading.time.microseconds)
    }
    writer.integer(crc32(writer.bytes))
    return writer.bytes
  }

  /// Replaces the file in one step.
  func write(to path: String) throws(DiskFailure) {
    let new = path + ".new"
    unlink(new)
    do throws(DiskFailure) {
      let file = try LocalFile(creating: new)
      try file.write(encoded(), at: 0)
      try checkDisk("rename") { rename(new, path) }
    } catch {
      unlink(new)
      throw error
    }
  }
}
