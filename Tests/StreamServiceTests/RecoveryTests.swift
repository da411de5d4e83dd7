import Bus
import Foundation
import Glibc
import Messages
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

  @Test func flippedBitsInTheIndexEndIt() throws {
    try recordAndVanish(1...20)
    let file = try LocalFile(opening: device + "/0001.idx")
    try file.write([0xFF], at: Int64(IndexHeader.size + 10 * IndexRecord.size + 3))
    let reopened = try DeviceFolder(place, disk: LocalDisk())
    #expect(reopened.contents.recorded.ranges == [1...10])
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
    let stored = try #require(try SegmentRecovery(number: 1, folder: device).recover())
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
