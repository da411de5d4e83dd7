import Glibc
import Messages
import Runtime
import Timing

/// One device's folder while this instance holds it: the lock, the open segments, the clock samples.
///
/// Lives on one recorder thread. The disk is the truth: opening recovers what a killed process left and tells what is
/// recorded; closing leaves nothing behind in memory.
final class DeviceFolder {
  /// What opening found.
  struct Contents: Sendable {
    var recorded = SequenceSet()
    var frames = 0
    var bytes = 0
    var clockSamples: [ClockSample] = []
    /// What had to be made good, or could not be.
    var notes: [SegmentRecovery.Note] = []
  }

  enum OpenFailure: Error {
    /// Another stream-svc instance holds the device.
    case lockedByOther
    case disk(DiskFailure)
  }

  var path: String { place.folder }
  private let place: SegmentPlace
  private let disk: any RecordingDisk
  private let lock: FolderLock
  private var nextNumber: Int
  private var live: Segment?
  private var fill: Segment?
  /// Has been written to since it was last handed out to be synchronised.
  private(set) var hasUnsynced = false
  /// Files that nobody writes to any more, and folders with new names: still to be synchronised.
  private var left: [any Synchronizable] = []
  private var knowsParents = false
  private(set) var clockLog: ClockLog
  private(set) var contents: Contents

  /// - Parameter reserveBytes: room that copies of what was damaged leave free.
  init(
    _ place: SegmentPlace, disk: any RecordingDisk, reserveBytes: UInt64 = 0,
    openFile: @escaping SegmentRecovery.OpenFile = SegmentRecovery.openLocalFile
  ) throws(OpenFailure) {
    self.place = place
    self.disk = disk
    let lock: FolderLock?
    do throws(DiskFailure) {
      try makeFolder(place.folder)
      lock = try FolderLock(folder: place.folder)
    } catch {
      throw .disk(error)
    }
    guard let lock else { throw .lockedByOther }
    self.lock = lock
    var found = Contents()
    func roomBytes() -> UInt64 {
      // When the file system does not say, writing will tell.
      let free = (try? disk.freeBytes(in: place.folder)) ?? .max
      return free - min(free, reserveBytes)
    }
    for number in segmentNumbers(in: place.folder) {
      let recovered = SegmentRecovery(
        number: number, folder: place.folder, roomBytes: roomBytes, openFile: openFile
      ).recover(place)
      found.notes += recovered.notes
      left += recovered.unsynced
      for record in recovered.records where found.recorded.insert(record.sequence) {
        found.frames += 1
        found.bytes += Int(record.payloadBytes)
      }
    }
    hasUnsynced = !left.isEmpty
    do throws(DiskFailure) {
      nextNumber = 1 + (highestNumber(in: place.folder) ?? 0)
      clockLog = try ClockLog(path: place.folder + "/clock.bin", boot: place.boot)
    } catch {
      throw .disk(error)
    }
    found.clockSamples = clockLog.recent
    contents = found
  }

  /// Writes frames, in any order, and returns those that are recorded. The others come back as the failure's.
  func record(_ frames: [TimedFrame]) -> (recorded: [TimedFrame], failure: DiskFailure?) {
    hasUnsynced = true
    let ordered = frames.sorted { $0.sequence < $1.sequence }
    var uncommitted = Uncommitted()
    var recorded: [TimedFrame] = []
    do throws(DiskFailure) {
      for frame in ordered {
        let segment = try segment(for: frame, waiting: &uncommitted, recorded: &recorded)
        try segment.append(frame)
        uncommitted.add(frame, isFill: segment === fill)
      }
      try commit(&uncommitted, into: &recorded)
      return (recorded, nil)
    } catch {
      // What came before the failing frame is complete in the Matroska file; its index records may still fit.
      try? commit(&uncommitted, into: &recorded)
      abandonSegments()
      return (recorded, error)
    }
  }

  func append(_ sample: ClockSample) throws(DiskFailure) { try clockLog.append(sample) }

  /// Ends the connection period: finishes the files, so that players can seek in them.
  func finishSegments() throws(DiskFailure) {
    defer {
      retire(&live)
      retire(&fill)
    }
    do throws(DiskFailure) {
      try live?.finish()
      try fill?.finish()
    } catch {
      abandonSegments()
      throw error
    }
  }

  private func retire(_ segment: inout Segment?) {
    guard let ended = segment else { return }
    left += [ended.movie, ended.index]
    hasUnsynced = true
    segment = nil
  }

  /// Corrects the times of all that was recorded with all that is known by now.
  func correctTimes() throws(DiskFailure) {
    try TimesCorrection(folder: place.folder, boot: place.boot).make(from: try clockLog.all())
  }

  /// What was written to since the last call: files that are still open, those that ended meanwhile, and folders.
  func takeUnsynced() -> [any Synchronizable] {
    guard hasUnsynced else { return [] }
    defer {
      hasUnsynced = false
      left = []
    }
    return [live, fill].compactMap { $0 }.flatMap { [$0.movie, $0.index] } + left
  }

  // MARK: - Choosing the segment

  private func segment(
    for frame: TimedFrame, waiting: inout Uncommitted, recorded: inout [TimedFrame]
  ) throws(DiskFailure) -> Segment {
    if let live, live.accepts(frame) { return live }
    let isLate = live.map { frame.sequence < $0.lastSequence } ?? false
    if isLate, let fill, fill.accepts(frame) { return fill }
    try commit(&waiting, into: &recorded)
    let made = try makeSegment(isLate ? .fill : .live, first: frame)
    if isLate {
      try fill?.finish()
      retire(&fill)
      fill = made
    } else {
      try live?.finish()
      retire(&live)
      live = made
    }
    return made
  }

  private func makeSegment(_ kind: SegmentKind, first: TimedFrame) throws(DiskFailure) -> Segment {
    do {
      let made = try Segment(number: nextNumber, kind: kind, first: first, place: place, disk: disk)
      nextNumber += 1
      // The session's folder and the one of all are as new as this one may be.
      left += LocalFolder.chain(place.folder, levels: knowsParents ? 1 : 3)
      knowsParents = true
      return made
    } catch {
      // A full disk often still makes files and then refuses their first bytes.
      unlink(place.moviePath(nextNumber))
      unlink(place.indexPath(nextNumber))
      throw error
    }
  }

  /// Each index for itself: a frame is recorded when its own index has it, whatever becomes of the other one.
  private func commit(_ waiting: inout Uncommitted, into recorded: inout [TimedFrame]) throws(DiskFailure) {
    var failure: DiskFailure?
    do throws(DiskFailure) {
      try live?.commit()
      recorded += waiting.live
      waiting.live = []
    } catch {
      failure = error
    }
    do throws(DiskFailure) {
      try fill?.commit()
      recorded += waiting.fill
      waiting.fill = []
    } catch {
      failure = failure ?? error
    }
    if let failure { throw failure }
  }

  /// After a failure the muxers no longer match their files: cut the files back, and start new ones with the next
  /// frame. A cut that fails too is made good when the folder is opened again.
  private func abandonSegments() {
    try? live?.abandon()
    try? fill?.abandon()
    retire(&live)
    retire(&fill)
  }
}

/// Frames that are in a Matroska file and not in its index yet.
private struct Uncommitted {
  var live: [TimedFrame] = []
  var fill: [TimedFrame] = []

  mutating func add(_ frame: TimedFrame, isFill: Bool) { if isFill { fill.append(frame) } else { live.append(frame) } }
}

/// The numbers of the segments in a device's folder, ascending.
func segmentNumbers(in folder: String) -> [Int] {
  entries(of: folder).compactMap { name in
    guard name.hasSuffix(".idx") || name.hasSuffix(".mkv") else { return nil }
    return Int(name.dropLast(4))
  }.reduce(into: Set()) { $0.insert($1) }.sorted()
}

/// The highest number that any file of a device's folder begins with, be it one that was put aside.
private func highestNumber(in folder: String) -> Int? {
  entries(of: folder).compactMap { Int($0.prefix { $0.isASCII && $0.isNumber }) }.max()
}

/// The names in a folder, in order; none when it does not exist.
func entries(of folder: String) -> [String] { folderNames(in: folder).sorted() }

private func makeFolder(_ path: String) throws(DiskFailure) {
  do {
    try makeDirectories(path)
  } catch {
    throw DiskFailure(operation: "mkdir", errno: error.errno)
  }
}
