import Messages
import Timing

/// One Matroska file and its index while they are written. Frames go in by ascending sequence number and time.
final class Segment {
  /// The latest Matroska time that fits the index, about 49 days.
  private static let longest = Int64(UInt32.max) * 1000

  let number: Int
  let kind: SegmentKind
  let isProvisional: Bool
  let width: UInt16
  let height: UInt16
  private let cameraLatencyMicroseconds: UInt32
  private(set) var lastSequence: UInt32 = 0
  private(set) var lastTime: SessionTime
  let start: SessionTime

  let movie: any RecordingFileHandle
  let index: any RecordingFileHandle
  private let muxer: MatroskaMuxer
  private var lastTimestamp: Int64 = -1
  private var waiting = ByteWriter()
  private var indexEnd = Int64(IndexHeader.size)
  /// End of the last frame that the index holds too.
  private var committedEnd: Int64
  /// Behind the last frame that was written whole: a torn one is no part of the file.
  private var appendedEnd: Int64

  init(
    number: Int, kind: SegmentKind, first: TimedFrame, place: SegmentPlace, disk: some RecordingDisk
  ) throws(DiskFailure) {
    self.number = number
    self.kind = kind
    start = first.reading.time
    lastTime = start
    isProvisional = first.reading.isProvisional
    width = first.frame.header.width
    height = first.frame.header.height
    cameraLatencyMicroseconds = first.cameraLatencyMicroseconds
    let anchor = UTCAnchor(
      sessionTime: start, utcMicroseconds: place.anchor.utcMicroseconds(at: start))
    movie = try disk.create(place.moviePath(number))
    index = try disk.create(place.indexPath(number))
    muxer = try MatroskaMuxer(
      file: movie, width: width, height: height, created: anchor.rfc3339)
    committedEnd = muxer.endOffset
    appendedEnd = committedEnd
    let header = IndexHeader(
      kind: kind, instance: place.instance, anchor: anchor, boot: place.boot,
      firstClusterOffset: UInt64(muxer.endOffset), cameraLatencyMicroseconds: cameraLatencyMicroseconds)
    try index.write(header.encoded(), at: 0)
  }

  /// Whether the frame may follow the last one of this file.
  func accepts(_ frame: TimedFrame) -> Bool {
    let header = frame.frame.header
    return header.sequence > lastSequence && header.width == width && header.height == height
      && frame.reading.isProvisional == isProvisional
      && frame.cameraLatencyMicroseconds == cameraLatencyMicroseconds
      && frame.reading.time - lastTime > -Self.tolerance && frame.reading.time - start < Self.longest
  }

  /// How far the clock may be corrected backwards between two frames of one file: their Matroska times then differ by
  /// one millisecond, their times in the index are exact.
  private static let tolerance: Int64 = 50_000

  /// Writes the frame. It is not recorded before `commit`.
  func append(_ frame: TimedFrame) throws(DiskFailure) {
    let header = frame.frame.header
    let wanted = (frame.reading.time - start) / 1000
    let timestamp = max(wanted, lastTimestamp + 1)
    try frame.frame.withPayload { payload throws(DiskFailure) in
      try muxer.append(payload, timestampMilliseconds: timestamp)
    }
    IndexRecord(
      sequence: header.sequence, width: header.width, height: header.height, deviceTime: header.captured,
      reading: frame.reading, payloadBytes: header.payloadLength, endOffset: UInt64(muxer.endOffset),
      timestampMilliseconds: UInt32(clamping: timestamp)
    ).encode(into: &waiting)
    appendedEnd = muxer.endOffset
    lastTimestamp = timestamp
    lastSequence = header.sequence
    lastTime = max(lastTime, frame.reading.time)
  }

  /// Writes the index records of the frames appended since the last call: from here on they are recorded.
  func commit() throws(DiskFailure) {
    guard !waiting.bytes.isEmpty else { return }
    try index.write(waiting.bytes, at: indexEnd)
    indexEnd += Int64(waiting.bytes.count)
    waiting = ByteWriter(reservingCapacity: waiting.bytes.count)
    committedEnd = appendedEnd
  }

  /// Writes the trailer and marks the file as finished.
  func finish() throws(DiskFailure) {
    try commit()
    try muxer.finish()
    try index.write([1], at: Int64(IndexHeader.finishedFlagOffset))
  }

  /// After a failure: cuts both files back to what is recorded. The segment must not be used afterwards.
  func abandon() throws(DiskFailure) {
    try movie.truncate(to: committedEnd)
    try index.truncate(to: indexEnd)
  }
}

/// Where a device's segments lie and what is common to them.
struct SegmentPlace: Sendable {
  let folder: String
  let instance: UInt16
  let anchor: UTCAnchor
  let boot: BootID

  func moviePath(_ number: Int) -> String { "\(folder)/\(Self.name(number)).mkv" }
  func indexPath(_ number: Int) -> String { "\(folder)/\(Self.name(number)).idx" }

  static func name(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
