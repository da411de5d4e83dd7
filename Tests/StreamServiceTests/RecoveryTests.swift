import Bus
import Foundation
import Glibc
import Messages
import TestFolders
import Testing
import Timing

@testable import StreamService

@Suite("Recovery of a killed recording")
struct RecoveryTests {
  private let folder = TemporaryFolder()
  private var device: String { folder.path + "/sess/phone" }
  private var place: SegmentPlace {
    SegmentPlace(
      folder: device, instance: 1, anchor: UTCAnchor(sessionTime: .zero, utcMicroseconds: 1_700_000_000_000_000),
      boot: BootID(high: 1, low: 2))
  }

  private func frame(_ sequence: UInt32) throws -> TimedFrame {
    let bytes = SampleFrames.bytes(sequence, captured: Int64(sequence) * 33_333)
    let checked = try FrameCheck.check(BusMessage(bytes), arrived: .zero)
    return TimedFrame(
      frame: checked,
      reading: ClockReading(
        time: SessionTime(microseconds: 1_000_000 + Int64(sequence) * 33_333), errorBoundMicroseconds: 500))
  }

  /// Leaves the files as a killed process does: written, never finished.
  private func recordAndVanish(_ sequences: ClosedRange<UInt32>) throws {
    let folder = try DeviceFolder(place, disk: LocalDisk())
    #expect(folder.record(try sequences.map(frame)).recorded.count == sequences.count)
  }

  private func append(_ bytes: [UInt8], to name: String) throws {
    let file = try LocalFile(opening: "\(device)/\(name)")
    try file.write(bytes, at: try file.size())
  }

  private func cut(_ name: String, by count: Int64) throws {
    let file = try LocalFile(opening: "\(device)/\(name)")
    try file.truncate(to: try file.size() - count)
  }

  @Test func anInterruptedFileOpensAndNothingIsForgotten() throws {
    try recordAndVanish(1...20)
    #expect(try Probe(device + "/0001.mkv").frames == 20)
    let reopened = try DeviceFolder(place, disk: LocalDisk())
    #expect(reopened.contents.recorded.ranges == [1...20])
    #expect(reopened.contents.frames == 20)
    #expect(try Probe(device + "/0001.mkv").frames == 20)
    #expect(reopened.record([try frame(21)]).recorded.count == 1)
    #expect(try Probe(device + "/0002.mkv").frames == 1)
  }

  @Test(arguments: [1, 25, 47])
  func aTornIndexRecordTakesItsFrameWithIt(_ bytes: Int64) throws {
    try recordAndVanish(1...20)
    try cut("0001.idx", by: bytes)
    let reopened = try DeviceFolder(place, disk: LocalDisk())
    #expect(reopened.contents.recorded.ranges == [1...19])
    #expect(try Probe(device + "/0001.mkv").frames == 19)
  }

  @Test func aHalfWrittenClusterIsCutOff() throws {
    try recordAndVanish(1...20)
    try append([0x1F, 0x43, 0xB6, 0x75, 0x40, 0x80, 1, 2, 3], to: "0001.mkv")
    let reopened = try DeviceFolder(place, disk: LocalDisk())
    #expect(reopened.contents.recorded.ranges == [1...20])
    #expect(try Probe(device + "/0001.mkv").frames == 20)
  }

  @Test func aMatroskaFileThatLostItsEndTakesTheRecordsWithIt() throws {
    try recordAndVanish(1...20)
    try cut("0001.mkv", by: 100)
    let reopened = try DeviceFolder(place, disk: LocalDisk())
    #expect(reopened.contents.recorded.ranges == [1...19])
    #expect(try Probe(device + "/0001.mkv").frames == 19)
  }

  // MARK: - What a power failure does to an index

  private func stored() throws -> StoredSegment { try #require(try SegmentRecovery(number: 1, folder: device).read()) }
  private func damage(_ bytes: [UInt8], at offset: Int) throws {
    try LocalFile(opening: device + "/0001.idx").write(bytes, at: Int64(offset))
  }
  private func record(_ index: Int) -> Int { IndexHeader.size + index * IndexRecord.size }
  private var names: [String] { entries(of: device).filter { !["lock", "clock.bin"].contains($0) } }

  @Test(arguments: [true, false], [10..<11, 0..<1, 3..<19])
  func recordsAreMadeAnewFromTheirNeighboursAndTheMovie(isFinished: Bool, lost: Range<Int>) throws {
    do {
      let folder = try DeviceFolder(place, disk: LocalDisk())
      #expect(folder.record(try (1...20).map(frame)).recorded.count == 20)
      if isFinished { try folder.finishSegments() }
    }
    let (before, size) = (try stored(), try LocalFile(opening: device + "/0001.mkv").size())
    try damage([UInt8](repeating: 0, count: lost.count * IndexRecord.size), at: record(lost.lowerBound))
    let reopened = try DeviceFolder(place, disk: LocalDisk())
    #expect(reopened.contents.recorded.ranges == [1...20])
    #expect(reopened.contents.notes == [.repaired(path: device + "/0001.idx", records: lost.count)])
    #expect(names == ["0001.idx", "0001.idx.damaged", "0001.mkv"])
    let after = try stored()
    #expect(after.header == before.header && after.records.count == 20)
    for (index, (was, made)) in zip(before.records, after.records).enumerated() {
      guard lost.contains(index) else {
        #expect(was == made)
        continue
      }
      #expect(made.sequence == was.sequence && made.endOffset == was.endOffset && made.width == was.width)
      #expect(made.payloadBytes == was.payloadBytes && made.timestampMilliseconds == was.timestampMilliseconds)
      #expect((made.reading.time - was.reading.time).magnitude <= made.reading.errorBoundMicroseconds)
      #expect((made.deviceTime - was.deviceTime).magnitude <= 1000)
    }
    #expect(try Probe(device + "/0001.mkv").frames == 20)
    #expect(try LocalFile(opening: device + "/0001.mkv").size() == size)
    // It is whole now.
    #expect(SegmentRecovery(number: 1, folder: device).recover(place).notes.isEmpty)
  }

  @Test(arguments: [[UInt8](repeating: 0, count: 64), [UInt8](repeating: 0xFF, count: 20)])
  func aDamagedHeaderDoesNotCostTheRecords(rubbish: [UInt8]) throws {
    try recordAndVanish(1...20)
    let before = try stored()
    try damage(rubbish, at: 0)
    let reopened = try DeviceFolder(place, disk: LocalDisk())
    #expect(reopened.contents.recorded.ranges == [1...20])
    let after = try stored()
    #expect(after.records == before.records && after.header.anchor == before.header.anchor)
    #expect(after.header.instance == 1 && after.header.kind == .live)
    #expect(after.header.firstClusterOffset == before.header.firstClusterOffset)
    #expect(try Probe(device + "/0001.mkv").frames == 20)
    // A header that says nothing of the boot leaves the times as they are.
    if rubbish.count == 64 { #expect(after.header.boot != before.header.boot) }
  }

  /// Which of the missing numbers the lost ones were cannot be known; those behind them are what they are.
  @Test func picturesWhoseNumbersAreLostCostNoOther() throws {
    do {
      let folder = try DeviceFolder(place, disk: LocalDisk())
      #expect(folder.record(try ([1, 2, 3, 5, 6, 8, 9, 10] as [UInt32]).map(frame)).recorded.count == 8)
    }
    let before = try stored()
    try damage([UInt8](repeating: 0, count: 2 * IndexRecord.size), at: record(3))
    do {
      let reopened = try DeviceFolder(place, disk: LocalDisk())
      #expect(reopened.contents.recorded.ranges == [1...3, 8...10])
      #expect(reopened.contents.frames == 6)
      #expect(names == ["0001.idx", "0001.idx.damaged", "0001.mkv"])
      #expect(reopened.contents.notes == [.repaired(path: device + "/0001.idx", records: 0, unknown: 2)])
    }
    #expect(try Probe(device + "/0001.mkv").frames == 8, "the pictures stay where they are")
    #expect(try stored().records == before.records.filter { ![5, 6].contains($0.sequence) })
    let size = try LocalFile(opening: device + "/0001.idx").size()
    #expect(size == record(8), "the n-th record is still that of the n-th picture")
    #expect(try DeviceFolder(place, disk: LocalDisk()).contents.notes.isEmpty)
    // A neighbour of theirs that is lost later cannot be told from them any more.
    try damage([UInt8](repeating: 0, count: IndexRecord.size), at: record(5))
    let again = try DeviceFolder(place, disk: LocalDisk())
    #expect(again.contents.recorded.ranges == [1...3, 9...10])
  }

  /// One block of a file system, in a segment that is not the first.
  @Test func aLostBeginningCostsNothingBehindIt() throws {
    try recordAndVanish(501...700)
    try damage([UInt8](repeating: 0, count: 4096), at: 0)
    let reopened = try DeviceFolder(place, disk: LocalDisk())
    #expect(reopened.contents.recorded.ranges == [585...700])
    #expect(reopened.contents.notes == [.repaired(path: device + "/0001.idx", records: 0, unknown: 84)])
    #expect(try stored().records.map(\.sequence) == Array(585...700))
    #expect(try Probe(device + "/0001.mkv").frames == 200)
    #expect(!names.contains { $0.hasSuffix(".orphan") })
    // They are listed, and have final times.
    let library = RecordingLibrary(root: folder.path, instance: 1, boot: place.boot)
    let listed = try #require(library.files(of: SessionID("sess")!).first)
    #expect(listed.frames == 116 && listed.firstSequence == 585 && listed.lastSequence == 700)
  }

  /// The index and the movie are two files: a power failure may take the end of the one and not of the other.
  @Test func picturesBehindTheIndexAreSetAsideAfterAPowerFailure() throws {
    try recordAndVanish(1...20)
    try cut("0001.idx", by: 5 * 48)
    let rebooted = SegmentPlace(folder: device, instance: 1, anchor: place.anchor, boot: BootID(high: 9, low: 9))
    let reopened = try DeviceFolder(rebooted, disk: LocalDisk())
    #expect(reopened.contents.recorded.ranges == [1...15])
    #expect(try Probe(device + "/0001.mkv").frames == 15 && Probe(device + "/0001.mkv.orphan").frames == 5)
  }

  @Test(arguments: ["", "AXI1 rubbish"]) func anIndexWithoutARecordIsSetAsideWithItsMovie(_ index: String) throws {
    try recordAndVanish(1...3)
    let file = try LocalFile(opening: device + "/0001.idx")
    try file.truncate(to: 0)
    try file.write(Array(index.utf8) + [UInt8](repeating: 0, count: index.isEmpty ? 0 : 100), at: 0)
    do {
      let reopened = try DeviceFolder(place, disk: LocalDisk())
      #expect(reopened.contents.recorded.ranges.isEmpty)
      #expect(names == (index.isEmpty ? [] : ["0001.idx.damaged"]) + ["0001.mkv.orphan"])
      #expect(try Probe(device + "/0001.mkv.orphan").frames == 3)
      // Its number is not given again, so that nothing overwrites it.
      #expect(reopened.record([try frame(1)]).recorded.count == 1)
      #expect(names.contains("0002.mkv"))
    }
    #expect(try DeviceFolder(place, disk: LocalDisk()).contents.recorded.ranges == [1...1])
    #expect(try Probe(device + "/0001.mkv.orphan").frames == 3)
  }

  @Test func whatAKilledProcessWroteIsSynchronised() throws {
    try recordAndVanish(1...3)
    let reopened = try DeviceFolder(place, disk: LocalDisk())
    #expect(reopened.hasUnsynced)
    #expect(Set(reopened.takeUnsynced().map(\.path)) == [device + "/0001.mkv", device + "/0001.idx"])
  }

  @Test func filesWithoutAFrameAreRemoved() throws {
    try recordAndVanish(1...1)
    try cut("0001.idx", by: 48)
    let reopened = try DeviceFolder(place, disk: LocalDisk())
    #expect(reopened.contents.recorded.ranges.isEmpty)
    #expect(access(device + "/0001.mkv", F_OK) != 0)
    #expect(access(device + "/0001.idx", F_OK) != 0)
  }

  @Test func aFinishedFileIsLeftAsItIs() throws {
    let first = try DeviceFolder(place, disk: LocalDisk())
    _ = first.record(try (1...5).map(frame))
    try first.finishSegments()
    let size = try LocalFile(opening: device + "/0001.mkv").size()
    let stored = try #require(SegmentRecovery(number: 1, folder: device).recover(place).segment)
    #expect(stored.header.isFinished)
    #expect(try LocalFile(opening: device + "/0001.mkv").size() == size)
  }

  /// Each index for itself: what one of them holds is not lost because the other one could not be written.
  @Test(arguments: [(refused: "0002.idx", recorded: [12]), (refused: "0001.idx", recorded: [5])])
  func aFailureOfOneIndexLeavesTheOthersFramesRecorded(refused: String, recorded: [UInt32]) throws {
    let disk = RefusingDisk()
    var folder: DeviceFolder? = try DeviceFolder(place, disk: disk)
    for sequences in [[10, 11], [4]] as [[UInt32]] {
      #expect(try folder?.record(sequences.map(frame)).failure == nil)
    }
    disk.refused.change { $0 = refused }
    let (saved, failure) = try #require(try folder?.record([frame(5), frame(12)]))
    #expect(failure == DiskFailure(operation: "write", errno: EIO))
    #expect(saved.map(\.sequence) == recorded)
    disk.refused.change { $0 = nil }
    folder = nil
    let reopened = try DeviceFolder(place, disk: LocalDisk())
    #expect(reopened.contents.frames == 4, "what is said is what is on disk")
    for sequence in [4, 10, 11] + recorded { #expect(reopened.contents.recorded.contains(sequence)) }
  }

  @Test func aFolderBelongsToOneInstanceAtATime() throws {
    let first = try DeviceFolder(place, disk: LocalDisk())
    #expect(throws: DeviceFolder.OpenFailure.self) { try DeviceFolder(place, disk: LocalDisk()) }
    withExtendedLifetime(first) {}
  }

  @Test func aFolderIsFreeAlthoughAForkedProcessStillHasItsLockOpen() throws {
    try FileManager.default.createDirectory(atPath: device, withIntermediateDirectories: true)
    var lock: FolderLock? = try FolderLock(folder: device)
    let inherited = try #require(duplicate(of: device + "/lock"))
    defer { close(inherited) }
    #expect(try FolderLock(folder: device) == nil)
    withExtendedLifetime(lock) {}
    lock = nil
    #expect(try FolderLock(folder: device) != nil)
  }

  /// What a child process has between fork and exec: another descriptor of the same open file.
  private func duplicate(of path: String) -> Int32? {
    let descriptors = (0..<1024).map(Int32.init)
    return descriptors.first {
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == path
    }
    .map { dup($0) }
  }

  @Test func clockSamplesSurvive() throws {
    let sample = ClockSample(
      deviceSent: DeviceTime(microseconds: 1), serverReceived: SessionTime(microseconds: 2),
      serverSent: SessionTime(microseconds: 3), deviceReceived: DeviceTime(microseconds: 4))
    let first = try ClockLog(path: folder.path + "/clock.bin", boot: place.boot)
    var log = first
    for _ in 0..<300 { try log.append(sample) }
    let file = try LocalFile(opening: folder.path + "/clock.bin")
    try file.write([9, 9, 9], at: try file.size())
    let again = try ClockLog(path: folder.path + "/clock.bin", boot: place.boot)
    #expect(again.recent == Array(repeating: sample, count: ClockLog.recentLimit))
    // Times of another boot of the machine say nothing.
    let rebooted = try ClockLog(path: folder.path + "/clock.bin", boot: BootID(high: 3, low: 4))
    #expect(rebooted.recent.isEmpty)
    #expect(access(folder.path + "/clock-1.bin", F_OK) == 0)
  }
}
