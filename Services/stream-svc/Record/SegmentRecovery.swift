import Glibc
import Messages

/// What is on disk of one segment.
struct StoredSegment: Equatable, Sendable {
  let number: Int
  let header: IndexHeader
  let records: [IndexRecord]
  /// Size of the Matroska file.
  let movieBytes: Int64
}

/// Reads segments back, and makes both files of an interrupted one agree.
struct SegmentRecovery {
  let place: (movie: String, index: String)
  let number: Int

  /// libavformat's header takes less than 1 kB.
  private static let emptyMovieLimit: Int64 = 16 * 1024

  init(number: Int, folder: String) {
    self.number = number
    let base = "\(folder)/\(SegmentPlace.name(number))"
    place = (base + ".mkv", base + ".idx")
  }

  /// Cuts the index to its last good record and the Matroska file to where that record ends. Nothing that was
  /// acknowledged goes: an acknowledgement waits until both files hold the frame.
  ///
  /// - Returns: nil when nothing was recorded; both files are then removed. A Matroska file with frames whose index is
  ///   unreadable (only a power failure does that) is kept beside as `0001.mkv.orphan`.
  func recover() throws(DiskFailure) -> StoredSegment? {
    guard let segment = try read() else {
      if let movie = try open(place.movie), try movie.size() > Self.emptyMovieLimit {
        try checkDisk("rename") { rename(place.movie, place.movie + ".orphan") }
      }
      unlink(place.movie)
      unlink(place.index)
      return nil
    }
    if segment.header.isFinished { return segment }
    let index = try LocalFile(opening: place.index)
    let movie = try LocalFile(opening: place.movie)
    try index.truncate(to: Int64(IndexHeader.size + segment.records.count * IndexRecord.size))
    let end = Int64(segment.records.last!.endOffset)
    try movie.truncate(to: end)
    return StoredSegment(number: number, header: segment.header, records: segment.records, movieBytes: end)
  }

  /// The segment as far as its records are good, or nil when there is no header or no record.
  func read() throws(DiskFailure) -> StoredSegment? {
    guard let index = try open(place.index), let movie = try open(place.movie) else { return nil }
    let movieBytes = try movie.size()
    let bytes = try index.read(Int(try index.size()), at: 0)
    guard bytes.count >= IndexHeader.size else { return nil }
    return bytes.withUnsafeBytes { all -> StoredSegment? in
      guard let header = try? IndexHeader(decoding: UnsafeRawBufferPointer(rebasing: all[..<IndexHeader.size])) else {
        return nil
      }
      let records = Self.goodRecords(
        UnsafeRawBufferPointer(rebasing: all[IndexHeader.size...]), after: header.firstClusterOffset,
        movieBytes: UInt64(movieBytes))
      guard !records.isEmpty else { return nil }
      return StoredSegment(number: number, header: header, records: records, movieBytes: movieBytes)
    }
  }

  private static func goodRecords(
    _ bytes: UnsafeRawBufferPointer, after start: UInt64, movieBytes: UInt64
  ) -> [IndexRecord] {
    var records: [IndexRecord] = []
    records.reserveCapacity(bytes.count / IndexRecord.size)
    var end = start
    var sequence: UInt32 = 0
    for offset in stride(from: 0, through: bytes.count - IndexRecord.size, by: IndexRecord.size) {
      let slice = UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + IndexRecord.size)])
      guard let record = try? IndexRecord(decoding: slice), record.endOffset > end, record.endOffset <= movieBytes,
        record.sequence > sequence
      else { break }
      end = record.endOffset
      sequence = record.sequence
      records.append(record)
    }
    return records
  }

  private func open(_ path: String) throws(DiskFailure) -> LocalFile? {
    do {
      return try LocalFile(opening: path, flags: O_RDONLY)
    } catch  where error.errno == ENOENT {
      return nil
    }
  }
}
