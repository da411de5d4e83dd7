import Bus
import Glibc
import Messages
import Synchronization
import TestFolders
import Testing
import Timing

@testable import StreamService

/// What is acknowledged reaches the medium, and it is said when it does not.
@Suite struct SyncTests {
  private let folder = TemporaryFolder()
  private let disk = WatchedDisk()
  private let time = ManualTimeSource()
  private let key = DeviceKey(session: SessionID("sess")!, device: DeviceID("phone")!)
  private var place: SegmentPlace {
    SegmentPlace(
      folder: "\(folder.path)/sess/phone", instance: 1,
      anchor: UTCAnchor(sessionTime: .zero, utcMicroseconds: 1_700_000_000_000_000), boot: BootID(high: 1, low: 2))
  }
  private var library: RecordingLibrary {
    RecordingLibrary(root: folder.path, instance: 1, boot: BootID(high: 1, low: 2))
  }

  private func frame(_ sequence: UInt32) throws -> TimedFrame {
    let captured = Int64(sequence) * 33_333
    let checked = try FrameCheck.check(BusMessage(SampleFrames.bytes(sequence, captured: captured)), arrived: .zero)
    return TimedFrame(
      frame: checked,
      reading: ClockReading(time: SessionTime(microseconds: 1_000_000 + captured), errorBoundMicroseconds: 500))
  }

  private func desk(_ syncer: RecordingSyncer) -> RecorderDesk {
    RecorderDesk(library: library, reserveBytes: 0, disk: disk, time: time, syncer: syncer) { _ in }
  }

  @Test func aFileThatEndsIsSynchronisedAlthoughNobodyHasItOpenAnyMore() throws {
    let desk = desk(RecordingSyncer())
    desk.serve(.open(1, place, key))
    for sequence in UInt32(1)...3 { desk.serve(.frame(1, try frame(sequence))) }
    desk.flush()
    desk.serve(.close(1))
    #expect(disk.names == ["0001.idx", "0001.mkv"])
    #expect(disk.waitUntilSynchronised())
  }

  /// The connection goes on, the file does not: frames sent again go into one after the other.
  @Test func aFileThatAnotherOneFollowsIsSynchronised() throws {
    let desk = desk(RecordingSyncer())
    desk.serve(.open(1, place, key))
    desk.serve(.frame(1, try frame(10)))
    desk.flush()
    for sequence in [UInt32(4), 2] {
      desk.serve(.frame(1, try frame(sequence)))
      desk.flush()
    }
    #expect(disk.names.count == 6)
    time.advance(by: .seconds(5))
    desk.flush()
    #expect(disk.waitUntilSynchronised())
  }

  @Test func theLastFramesBeforeAPauseAreSynchronised() throws {
    let thread = RecorderThread(
      number: 1, library: library, reserveBytes: 0, maximumFrameBytes: 1 << 20, disk: disk, time: SystemTimeSource(),
      syncer: RecordingSyncer(), syncPeriod: .milliseconds(50)
    ) { _ in }
    thread.send(.open(1, place, key))
    #expect(thread.sendFrame(1, try frame(1)))
    #expect(disk.waitUntilSynchronised(files: 2))
    thread.beginStop()
    #expect(thread.waitUntilStopped(atMost: .seconds(10)))
  }

  @Test func aStopWaitsForWhatIsNotOnTheMediumYet() throws {
    let syncer = RecordingSyncer()
    let desk = desk(syncer)
    desk.serve(.open(1, place, key))
    desk.serve(.frame(1, try frame(1)))
    desk.closeAll()
    #expect(syncer.stop(within: .seconds(10)) == 0)
    #expect(disk.isSynchronised)
  }

  // MARK: - A sync that fails

  @Test func aFailedSyncIsToldAndTriedAgain() throws {
    let told = Told()
    let syncer = RecordingSyncer(retryPause: .milliseconds(20)) { told.add($0) }
    let desk = desk(syncer)
    disk.state.change { $0.syncFailure = DiskFailure(operation: "fdatasync", errno: EIO) }
    desk.serve(.open(1, place, key))
    desk.serve(.frame(1, try frame(1)))
    desk.serve(.close(1))
    #expect(told.wait { $0.filter { $0.hasPrefix("failed") }.count >= 4 })
    #expect(told.wait { $0.filter { $0.hasPrefix("news") }.count == 2 }, "each file once")
    #expect(syncer.doubtfulFiles == 2)
    disk.state.change { $0.syncFailure = nil }
    #expect(told.wait { $0.filter { $0.hasPrefix("recovered") }.count == 2 })
    #expect(disk.waitUntilSynchronised())
    #expect(syncer.stop(within: .seconds(10)) == 0)
  }

  @Test func whatCannotBeSynchronisedBeforeTheEndIsCounted() throws {
    let syncer = RecordingSyncer()
    disk.state.change { $0.syncFailure = DiskFailure(operation: "fdatasync", errno: EIO) }
    let desk = desk(syncer)
    desk.serve(.open(1, place, key))
    desk.serve(.frame(1, try frame(1)))
    desk.closeAll()
    #expect(syncer.stop(within: .seconds(10)) == 2)
  }

  /// Linux forgets after a failed fdatasync what was to be written, and the next one succeeds.
  @Test func whatASyncFailedForIsWrittenAgainBeforeTheNextOne() throws {
    let failures = Mutex(1)
    let path = folder.path + "/file"
    let file = try LocalFile(creating: path) { descriptor in
      let fails = failures.withLock { left in
        defer { left -= 1 }
        return left > 0
      }
      guard fails else { return fdatasync(descriptor) }
      errno = EIO
      return -1
    }
    try file.write(Array("acknowledged".utf8), at: 0)
    #expect(throws: DiskFailure(operation: "fdatasync", errno: EIO)) { try file.synchronize() }
    #expect(file.isDoubtful)
    try setModified(path, to: 1000)
    try file.synchronize()
    #expect(!file.isDoubtful)
    #expect(try modified(path) > 1000, "a sync alone would have written nothing")
    #expect(try file.read(100, at: 0) == Array("acknowledged".utf8))
    // What is on the medium is not written twice.
    try setModified(path, to: 1000)
    try file.synchronize()
    #expect(try modified(path) == 1000)
  }

  @Test func theServiceSaysAndCountsWhatIsNotOnTheMedium() throws {
    let stack = try StreamFixture()
    stack.disk.state.change { $0.syncFailure = DiskFailure(operation: "fdatasync", errno: EIO) }
    try stack.connect("phone-a", link: 1)
    stack.sendFrame(1, 1)
    try stack.pump { stack.acknowledged(1) == 1 }
    stack.send(.close, 1)
    try stack.pump { stack.context.metrics.exposition().contains("\naxolotl_record_sync_failures_total{") }
    try stack.pump {
      let figures = stack.context.metrics.exposition()
      return !figures.contains(#"axolotl_record_sync_failures_total{service="stream-svc",instance="1"} 0"#)
        && figures.contains(#"axolotl_record_doubtful_files{service="stream-svc",instance="1"} 2.0"#)
    }
    #expect(stack.logged.contains { $0.contains("recording_sync_failed") && $0.contains("0001.mkv") })
  }

  private func setModified(_ path: String, to seconds: Int) throws {
    let instant = timespec(tv_sec: seconds, tv_nsec: 0)
    try #require(utimensat(AT_FDCWD, path, [instant, instant], 0) == 0)
  }

  private func modified(_ path: String) throws -> Int {
    var facts = stat()
    try #require(stat(path, &facts) == 0)
    return facts.st_mtim.tv_sec
  }
}

@Suite struct UnsyncedRangesTests {
  @Test func appendingMakesOneRange() {
    var ranges = UnsyncedRanges()
    ranges.add(0..<10)
    ranges.add(10..<20)
    ranges.add(20..<20)
    #expect(ranges.ranges == [0..<20])
  }

  @Test func rangesThatMeetAreJoined() {
    var ranges = UnsyncedRanges()
    for range in [100..<110, 0..<10, 50..<60] as [Range<Int64>] { ranges.add(range) }
    #expect(ranges.ranges == [0..<10, 50..<60, 100..<110])
    ranges.add(5..<55)
    #expect(ranges.ranges == [0..<60, 100..<110])
    ranges.add(60..<100)
    #expect(ranges.ranges == [0..<110])
  }

  @Test func nothingOfManyIsForgotten() {
    var ranges = UnsyncedRanges()
    for index in Int64(0)..<500 { ranges.add(index * 10..<index * 10 + 1) }
    #expect(ranges.ranges.count == UnsyncedRanges.maximum)
    for index in Int64(0)..<500 { #expect(ranges.ranges.contains { $0.contains(index * 10) }) }
  }

  @Test func aFailedSyncPutsBackWhatItTook() {
    var ranges = UnsyncedRanges()
    ranges.add(0..<10)
    let taken = ranges.take()
    ranges.add(10..<20)
    ranges.putBack(taken)
    #expect(ranges.ranges == [0..<20] && ranges.isDoubtful)
    ranges.cut(to: 7)
    #expect(ranges.ranges == [0..<7])
  }
}

/// What a syncer said, in words.
private final class Told: Sendable {
  private let words = Monitor([String]())

  func add(_ report: RecordingSyncer.Report) {
    words.change { words in
      switch report {
      case .failed(let path, _, let isNews):
        words.append("failed \(path)")
        if isNews { words.append("news \(path)") }
      case .recovered(let path): words.append("recovered \(path)")
      case .givenUp(let path): words.append("given up \(path)")
      }
    }
  }

  func wait(until condition: ([String]) -> Bool) -> Bool {
    words.wait(atMost: .seconds(10)) { condition($0) ? true : nil } ?? false
  }
}

/// A disk that knows which of its files have been written to since they were last synchronised.
final class WatchedDisk: RecordingDisk {
  struct State: Sendable {
    var unsynchronised: [String: Int] = [:]
    var syncFailure: DiskFailure?
  }

  let state = Monitor(State())

  func create(_ path: String) throws(DiskFailure) -> any RecordingFileHandle {
    // The making is to be synchronised, too.
    state.change { $0.unsynchronised[path] = 1 }
    return WatchedFile(disk: self, file: try LocalFile(creating: path))
  }
  func freeBytes(in folder: String) throws(DiskFailure) -> UInt64 { 1 << 40 }

  var names: [String] {
    state.withLock { $0.unsynchronised.keys.map { String($0.split(separator: "/").last!) }.sorted() }
  }

  var isSynchronised: Bool { state.withLock { $0.unsynchronised.values.allSatisfy { $0 == 0 } } }

  func waitUntilSynchronised(files: Int = 0) -> Bool {
    state.wait(atMost: .seconds(10)) { state in
      state.unsynchronised.count >= files && state.unsynchronised.values.allSatisfy { $0 == 0 } ? true : nil
    } ?? false
  }
}

private final class WatchedFile: RecordingFileHandle {
  private let disk: WatchedDisk
  private let file: LocalFile
  var path: String { file.path }

  init(disk: WatchedDisk, file: LocalFile) {
    self.disk = disk
    self.file = file
  }

  private func changed() { disk.state.change { $0.unsynchronised[path, default: 0] += 1 } }

  func write(_ parts: [UnsafeRawBufferPointer], at offset: Int64) throws(DiskFailure) {
    changed()
    try file.write(parts, at: offset)
  }

  func truncate(to size: Int64) throws(DiskFailure) {
    changed()
    try file.truncate(to: size)
  }

  func synchronize() throws(DiskFailure) {
    let before = disk.state.withLock { ($0.unsynchronised[path] ?? 0, $0.syncFailure) }
    if let failure = before.1 { throw failure }
    try file.synchronize()
    disk.state.change { $0.unsynchronised[path, default: 0] -= before.0 }
  }
}
