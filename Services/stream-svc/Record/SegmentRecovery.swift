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
  private let paths: (movie: String, index: String)
  let number: Int

  /// libavformat's header takes less than 1 kB.
  private static let emptyMovieLimit: Int64 = 16 * 1024

  init(number: Int, folder: String) {
    self.number = number
    let base = "\(folder)/\(SegmentPlace.name(number))"
    paths = (base + ".mkv", base + ".idx")
  }

  /// What became of a segment.
  struct Outcome {
    /// Nil when nothing was recorded.
    var segment: StoredSegment?
    /// What a person should hear of.
    var notes: [Note] = []
    /// Files that another process wrote, and that were or may not have been brought to the medium.
    var unsynced: [LocalFile] = []
  }

  enum Note: Equatable, Sendable {
    /// An index was damaged; so many of its records were made anew.
    case repaired(path: String, records: Int)
    /// Pictures whose index is lost were put there, for a person to look at.
    case setAside(path: String, bytes: Int64)
  }

  /// Makes both files of an interrupted segment agree: cuts the index to its last good record and the Matroska file to where
  /// that ends. Nothing that was acknowledged goes: an acknowledgement waits until both files hold the frame.
  ///
  /// What a power failure did to the index is made good where the Matroska file says enough. Pictures that may have been
  /// acknowledged and whose records are lost for good are put aside as `0001.mkv.orphan`, the damaged index as
  /// `0001.idx.damaged`. Files without a frame are removed.
  ///
  /// - Parameter place: whose folder it is now.
  func recover(_ place: SegmentPlace) throws(DiskFailure) -> Outcome {
    let index = try open(paths.index, O_RDWR)
    let bytes = try index.map { index throws(DiskFailure) in try index.read(Int(try index.size()), at: 0) } ?? []
    guard let file = try open(paths.movie, O_RDWR) else { return try dropIndex(bytes) }
    let movie = try MatroskaReader(file)
    let repair = try IndexRepair(bytes, movie: movie, place: place)
    guard let index, let repair, let last = repair.records.last else { return try drop(movie, bytes, repair, place) }
    do throws(DiskFailure) {
      return try mend(index, bytes, file, movie, repair, end: Int64(last.endOffset), place)
    } catch  where error.isFull {
      // Both files stay as they are until there is room to put aside what must not be lost.
      return Outcome(
        segment: StoredSegment(number: number, header: repair.header, records: repair.records, movieBytes: movie.size))
    }
  }

  private func mend(
    _ index: LocalFile, _ bytes: [UInt8], _ file: LocalFile, _ movie: MatroskaReader, _ repair: IndexRepair,
    end: Int64, _ place: SegmentPlace
  ) throws(DiskFailure) -> Outcome {
    let isDamaged = repair.isHeaderRebuilt || repair.rebuilt > 0 || repair.lost > 0
    var header = repair.header
    header.isFinished = header.isFinished && repair.lost == 0
    var outcome = Outcome()
    if !header.isFinished {
      if try mayHoldAcknowledged(movie, from: end, isDamaged: repair.lost > 0, header, place) {
        outcome.notes.append(try keepTail(of: file, movie, from: end))
      }
      try file.truncate(to: end)
      try index.truncate(to: Int64(IndexHeader.size + repair.records.count * IndexRecord.size))
      outcome.unsynced = [file, index]
    }
    if isDamaged {
      try rewrite(index, header, repair.records, was: bytes)
      outcome.notes.append(.repaired(path: paths.index, records: repair.rebuilt))
      outcome.unsynced = [file, index]
    }
    for file in outcome.unsynced { try file.distrustAll() }
    outcome.segment = StoredSegment(
      number: number, header: header, records: repair.records, movieBytes: try file.size())
    return outcome
  }

  /// After a mere kill, pictures behind the last record are those of one flush, which was never acknowledged. A power failure
  /// may have taken the records of others.
  private func mayHoldAcknowledged(
    _ movie: MatroskaReader, from end: Int64, isDamaged: Bool, _ header: IndexHeader?, _ place: SegmentPlace
  ) throws(DiskFailure) -> Bool {
    let pictures = try movie.clusters(from: end, atMost: RecorderDesk.maximumBatch + 1).count
    return pictures > 0 && (isDamaged || header?.boot != place.boot || pictures > RecorderDesk.maximumBatch)
  }

  /// Puts the rest of the Matroska file into one of its own, behind the same head, so that it can be played.
  private func keepTail(of file: LocalFile, _ movie: MatroskaReader, from end: Int64) throws(DiskFailure) -> Note {
    let path = free(paths.movie, ".orphan")
    let tail = try LocalFile(creating: path)
    do throws(DiskFailure) {
      var written: Int64 = 0
      for range in [0..<(try movie.firstCluster() ?? 0), end..<movie.size] {
        var offset = range.lowerBound
        while offset < range.upperBound {
          let piece = try file.read(Int(min(1 << 20, range.upperBound - offset)), at: offset)
          guard !piece.isEmpty else { break }
          try tail.write(piece, at: written)
          offset += Int64(piece.count)
          written += Int64(piece.count)
        }
      }
      try tail.synchronize()
      return .setAside(path: path, bytes: written)
    } catch {
      unlink(path)
      throw error
    }
  }

  private func rewrite(
    _ index: LocalFile, _ header: IndexHeader, _ records: [IndexRecord], was bytes: [UInt8]
  ) throws(DiskFailure) {
    let before = try LocalFile(creating: free(paths.index, ".damaged"))
    try before.write(bytes, at: 0)
    var writer = ByteWriter(reservingCapacity: records.count * IndexRecord.size)
    for record in records { record.encode(into: &writer) }
    try index.write(header.encoded() + writer.bytes, at: 0)
    try index.truncate(to: Int64(IndexHeader.size + writer.bytes.count))
  }

  /// Nothing says which frames these are.
  private func drop(
    _ movie: MatroskaReader, _ bytes: [UInt8], _ repair: IndexRepair?, _ place: SegmentPlace
  ) throws(DiskFailure) -> Outcome {
    let start = try movie.firstCluster() ?? movie.size
    let mayHold = try mayHoldAcknowledged(
      movie, from: start, isDamaged: repair.map { $0.lost > 0 } ?? true, repair?.header, place)
    let isWorthKeeping = mayHold || movie.size > Self.emptyMovieLimit
    var outcome = try dropIndex(isWorthKeeping ? bytes : [])
    if isWorthKeeping {
      outcome.notes.append(try setAside(paths.movie, as: ".orphan", bytes: movie.size))
    } else {
      unlink(paths.movie)
    }
    return outcome
  }

  private func dropIndex(_ bytes: [UInt8]) throws(DiskFailure) -> Outcome {
    if bytes.count > IndexHeader.size {
      return Outcome(notes: [try setAside(paths.index, as: ".damaged", bytes: Int64(bytes.count))])
    }
    unlink(paths.index)
    return Outcome()
  }

  private func setAside(_ path: String, as suffix: String, bytes: Int64) throws(DiskFailure) -> Note {
    let aside = free(path, suffix)
    try checkDisk("rename") { rename(path, aside) }
    return .setAside(path: aside, bytes: bytes)
  }

  /// A name that is not there yet: what was put aside is never overwritten.
  private func free(_ path: String, _ suffix: String) -> String {
    var (candidate, count) = (path + suffix, 1)
    while access(candidate, F_OK) == 0 {
      count += 1
      candidate = "\(path).\(count)\(suffix)"
    }
    return candidate
  }

  /// The segment as far as its records are good, or nil when there is no header or no record.
  func read() throws(DiskFailure) -> StoredSegment? {
    guard let index = try open(paths.index), let movie = try open(paths.movie) else { return nil }
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

  private func open(_ path: String, _ flags: Int32 = O_RDONLY) throws(DiskFailure) -> LocalFile? {
    do {
      return try LocalFile(opening: path, flags: flags)
    } catch  where error.errno == ENOENT {
      return nil
    }
  }
}
