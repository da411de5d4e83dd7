import Glibc
import Messages

/// What is on disk of one segment.
struct StoredSegment: Equatable, Sendable {
  let number: Int
  let header: IndexHeader
  /// Of the frames that are known, in the order of the Matroska file.
  let records: [IndexRecord]
  /// Size of the Matroska file.
  let movieBytes: Int64
}

/// Reads segments back, and makes both files of an interrupted one agree.
struct SegmentRecovery {
  /// Opens what an earlier process wrote, with flags of open(2): the edge that tests replace.
  typealias OpenFile = @Sendable (_ path: String, _ flags: Int32) throws(DiskFailure) -> LocalFile
  static let openLocalFile: OpenFile = { (path, flags) throws(DiskFailure) in try LocalFile(opening: path, flags: flags)
  }

  let number: Int
  private let folder: String
  private let paths: (movie: String, index: String)
  private let openFile: OpenFile
  /// What the copies of recovery may take of the disk.
  private let roomBytes: () -> UInt64

  /// libavformat's header takes less than 1 kB.
  private static let emptyMovieLimit: Int64 = 16 * 1024
  /// What is copied at most of one segment: others wait for the same thread.
  static let maximumCopy: Int64 = 64 << 20
  private static let blockBytes = 4096

  init(
    number: Int, folder: String, roomBytes: @escaping () -> UInt64 = { .max },
    openFile: @escaping OpenFile = openLocalFile
  ) {
    self.number = number
    self.folder = folder
    self.roomBytes = roomBytes
    self.openFile = openFile
    let base = "\(folder)/\(SegmentPlace.name(number))"
    paths = (base + ".mkv", base + ".idx")
  }

  /// What became of a segment.
  struct Outcome {
    /// Nil when nothing was recorded, or the files are left alone.
    var segment: StoredSegment?
    /// The frames that are recorded.
    var records: [IndexRecord] = []
    /// What a person should hear of.
    var notes: [Note] = []
    /// Files that another process wrote, and that were or may not have been brought to the medium.
    var unsynced: [LocalFile] = []
  }

  enum Note: Equatable, Sendable {
    /// An index was damaged: so many of its records were made anew, and of so many pictures nobody knows the frames.
    case repaired(path: String, records: Int, unknown: Int = 0)
    /// Pictures whose index is lost were put there, for a person to look at.
    case setAside(path: String, bytes: Int64)
    /// Pictures whose index is lost stay at the end of that file: too many to be copied.
    case leftInPlace(path: String, bytes: Int64)
    /// The disk did not let the segment be made good: it stays as it is, and so many of its frames can be read.
    case leftAlone(path: String, DiskFailure, frames: Int)
  }

  /// Makes both files of an interrupted segment agree: cuts the index to its last good record and the Matroska file to where
  /// that ends. Nothing that was acknowledged goes: an acknowledgement waits until both files hold the frame.
  ///
  /// What a power failure did to the index is made good where the Matroska file says enough; pictures between good records that
  /// cannot be told any more keep their places. Those behind the last good record that may have been acknowledged are put aside
  /// as `0001.mkv.orphan`, the damaged index as `0001.idx.damaged`. Files without a frame are removed.
  ///
  /// A disk that refuses any of this costs no more than this segment: what can be read of it counts.
  ///
  /// - Parameter place: whose folder it is now.
  func recover(_ place: SegmentPlace) -> Outcome {
    var outcome = Outcome()
    do throws(DiskFailure) {
      try recover(place, &outcome)
      outcome.records = outcome.segment?.records ?? []
    } catch {
      outcome.records = outcome.segment?.records ?? readable()
      outcome.notes.append(.leftAlone(path: paths.movie, error, frames: outcome.records.count))
    }
    return outcome
  }

  private func recover(_ place: SegmentPlace, _ outcome: inout Outcome) throws(DiskFailure) {
    let bytes = try open(paths.index).map { index throws(DiskFailure) in
      // What cannot be read now may be there all the same: nothing is made of it but by `readable`.
      try index.read(Int(try index.size()), at: 0)
    }
    guard let file = try open(paths.movie) else { return try dropIndex(bytes ?? [], &outcome) }
    let movie = try MatroskaReader(file)
    let repair = try IndexRepair(bytes ?? [], movie: movie, place: place)
    guard let bytes, let repair, let last = repair.entries.last else {
      return try drop(movie, bytes ?? [], repair, place, &outcome)
    }
    outcome.segment = StoredSegment(
      number: number, header: repair.header, records: repair.records, movieBytes: movie.size)
    try mend(bytes, movie, repair, end: Int64(last.endOffset), place, &outcome)
  }

  private func mend(
    _ bytes: [UInt8], _ movie: MatroskaReader, _ repair: IndexRepair, end: Int64, _ place: SegmentPlace,
    _ outcome: inout Outcome
  ) throws(DiskFailure) {
    var header = repair.header
    header.isFinished = header.isFinished && repair.lost == 0
    // Most are like that, and are opened for reading only.
    guard !header.isFinished || repair.isDamaged else { return }
    let (index, file) = (try openFile(paths.index, O_RDWR), try openFile(paths.movie, O_RDWR))
    let wasFinished = header.isFinished
    let aside = try putAside(bytes, file, movie, repair, end: end, &header, place)
    // From here on files change; what they were is on the medium.
    do throws(DiskFailure) {
      if !header.isFinished { try file.truncate(to: end) }
    } catch {
      aside.remove()
      throw error
    }
    outcome.notes += aside.notes
    outcome.unsynced = [file, index]
    if repair.isDamaged || header.isFinished != wasFinished {
      try write(header, repair.entries, to: index)
    } else {
      try index.truncate(to: Int64(IndexHeader.size + repair.entries.count * IndexRecord.size))
    }
    if repair.isDamaged {
      outcome.notes.append(.repaired(path: paths.index, records: repair.rebuilt, unknown: repair.unknown))
    }
    for file in outcome.unsynced { try file.distrustAll() }
    outcome.segment = StoredSegment(
      number: number, header: header, records: repair.records, movieBytes: try file.size())
  }

  /// What was saved before the files are changed.
  private struct Aside {
    var notes: [Note] = []
    var made: [String] = []

    func remove() { for path in made { unlink(path) } }
  }

  /// Saves what is about to be changed, and waits until it is on the medium. After a failure nothing of it is left.
  ///
  /// - Parameter header: finished from now on, if pictures behind `end` stay in the Matroska file.
  private func putAside(
    _ bytes: [UInt8], _ file: LocalFile, _ movie: MatroskaReader, _ repair: IndexRepair, end: Int64,
    _ header: inout IndexHeader, _ place: SegmentPlace
  ) throws(DiskFailure) -> Aside {
    var aside = Aside()
    do throws(DiskFailure) {
      if repair.isDamaged {
        let before = try LocalFile(creating: free(paths.index, ".damaged"))
        aside.made.append(before.path)
        try before.write(bytes, at: 0)
        try before.synchronize()
      }
      if !header.isFinished, try mayHoldAcknowledged(movie, from: end, isDamaged: repair.lost > 0, header, place) {
        let tail = movie.size - end
        if tail <= Self.maximumCopy, UInt64(tail) <= roomBytes() {
          let orphan = try LocalFile(creating: free(paths.movie, ".orphan"))
          aside.made.append(orphan.path)
          aside.notes.append(.setAside(path: orphan.path, bytes: try keepTail(of: file, movie, from: end, in: orphan)))
        } else {
          header.isFinished = true
          aside.notes.append(.leftInPlace(path: paths.movie, bytes: tail))
        }
      }
      if !aside.made.isEmpty { try LocalFolder(folder).synchronize() }
      return aside
    } catch {
      aside.remove()
      throw error
    }
  }

  /// After a mere kill, pictures behind the last record are those of one flush, which was never acknowledged. A power failure
  /// may have taken the records of others.
  private func mayHoldAcknowledged(
    _ movie: MatroskaReader, from end: Int64, isDamaged: Bool, _ header: IndexHeader?, _ place: SegmentPlace
  ) throws(DiskFailure) -> Bool {
    let pictures = try movie.clusters(from: end, atMost: RecorderDesk.maximumBatch + 1).count
    return pictures > 0 && (isDamaged || header?.boot != place.boot || pictures > RecorderDesk.maximumBatch)
  }

  /// Puts the rest of the Matroska file into one of its own, behind the same head, so that it can be played. Answers its size.
  private func keepTail(
    of file: LocalFile, _ movie: MatroskaReader, from end: Int64, in tail: LocalFile
  ) throws(DiskFailure) -> Int64 {
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
    return written
  }

  private func write(
    _ header: IndexHeader, _ records: [IndexRecord], to index: LocalFile
  ) throws(DiskFailure) {
    var writer = ByteWriter(reservingCapacity: records.count * IndexRecord.size)
    for record in records { record.encode(into: &writer) }
    try index.write(header.encoded() + writer.bytes, at: 0)
    try index.truncate(to: Int64(IndexHeader.size + writer.bytes.count))
  }

  /// Nothing says which frames these are.
  private func drop(
    _ movie: MatroskaReader, _ bytes: [UInt8], _ repair: IndexRepair?, _ place: SegmentPlace, _ outcome: inout Outcome
  ) throws(DiskFailure) {
    let start = try movie.firstCluster() ?? movie.size
    let mayHold = try mayHoldAcknowledged(
      movie, from: start, isDamaged: repair.map { $0.lost > 0 } ?? true, repair?.header, place)
    let isWorthKeeping = mayHold || movie.size > Self.emptyMovieLimit
    // A power failure may have emptied the movie: what its index says is all that there is of it.
    let saysFrames = !IndexRepair.goodRecords(bytes, movieBytes: .max).isEmpty
    try dropIndex(isWorthKeeping || saysFrames ? bytes : [], &outcome)
    if isWorthKeeping {
      outcome.notes.append(try setAside(paths.movie, as: ".orphan", bytes: movie.size))
    } else {
      unlink(paths.movie)
    }
  }

  private func dropIndex(_ bytes: [UInt8], _ outcome: inout Outcome) throws(DiskFailure) {
    if bytes.count > IndexHeader.size {
      outcome.notes.append(try setAside(paths.index, as: ".damaged", bytes: Int64(bytes.count)))
    } else {
      unlink(paths.index)
    }
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

  // MARK: - Reading

  /// The segment's good records, or nil when there is no header or no record.
  func read() throws(DiskFailure) -> StoredSegment? {
    guard let index = try open(paths.index), let movie = try open(paths.movie) else { return nil }
    let movieBytes = try movie.size()
    let bytes = try indexBytes(index)
    guard let header = IndexRepair.storedHeader(bytes) else { return nil }
    let records = IndexRepair.goodRecords(bytes, movieBytes: movieBytes)
    guard !records.isEmpty else { return nil }
    return StoredSegment(number: number, header: header, records: records, movieBytes: movieBytes)
  }

  /// What the index says of a Matroska file that may not even be opened.
  private func readable() -> [IndexRecord] {
    var facts = stat()
    guard stat(paths.movie, &facts) == 0, let index = try? openFile(paths.index, O_RDONLY),
      let bytes = try? indexBytes(index)
    else { return [] }
    return IndexRepair.goodRecords(bytes, movieBytes: Int64(facts.st_size))
  }

  /// The whole index; zeros where the medium does not give it back.
  private func indexBytes(_ index: LocalFile) throws(DiskFailure) -> [UInt8] {
    let size = Int(try index.size())
    do throws(DiskFailure) {
      return try index.read(size, at: 0)
    } catch  where error.errno == EIO {
      var bytes: [UInt8] = []
      while bytes.count < size {
        let count = min(Self.blockBytes, size - bytes.count)
        let block = (try? index.read(count, at: Int64(bytes.count))) ?? []
        bytes += block + [UInt8](repeating: 0, count: count - block.count)
      }
      return bytes
    }
  }

  /// Nil when there is no such file.
  private func open(_ path: String) throws(DiskFailure) -> LocalFile? {
    do throws(DiskFailure) {
      return try openFile(path, O_RDONLY)
    } catch  where error.errno == ENOENT {
      return nil
    }
  }
}
