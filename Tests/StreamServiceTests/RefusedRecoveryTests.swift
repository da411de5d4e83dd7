import Bus
import FoundationEssentials
import Glibc
import Messages
import TestFolders
import Testing
import Timing

@testable import StreamService

/// Old segments that the disk does not let be made good: they cost nobody else anything.
@Suite struct RefusedRecoveryTests {
  private let folder = TemporaryFolder()
  private var device: String { folder.path + "/sess/phone" }
  private var place: SegmentPlace { place(boot: 2) }
  private var names: [String] { entries(of: device).filter { $0.hasPrefix("0") } }

  private func place(boot: UInt64) -> SegmentPlace {
    SegmentPlace(
      folder: device, instance: 1, anchor: UTCAnchor(sessionTime: .zero, utcMicroseconds: 1_700_000_000_000_000),
      boot: BootID(high: 1, low: boot))
  }

  private func frame(_ sequence: UInt32) throws -> TimedFrame {
    let captured = Int64(sequence) * 33_333
    let checked = try FrameCheck.check(BusMessage(SampleFrames.bytes(sequence, captured: captured)), arrived: .zero)
    return TimedFrame(
      frame: checked,
      reading: ClockReading(time: SessionTime(microseconds: 1_000_000 + captured), errorBoundMicroseconds: 500))
  }

  /// Leaves the files as a killed process does.
  private func recordAndVanish(_ sequences: ClosedRange<UInt32>, finishing: Bool = false) throws {
    let folder = try DeviceFolder(place, disk: LocalDisk())
    #expect(folder.record(try sequences.map(frame)).recorded.count == sequences.count)
    if finishing { try folder.finishSegments() }
  }

  private func bytes(_ name: String) throws -> Data {
    let file = try LocalFile(opening: "\(device)/\(name)", flags: O_RDONLY)
    return Data(try file.read(Int(try file.size()), at: 0))
  }

  private func change(_ name: String, _ body: (LocalFile) throws -> Void) throws {
    try body(try LocalFile(opening: "\(device)/\(name)"))
  }

  private static let refusesWriting: SegmentRecovery.OpenFile = { (path, flags) throws(DiskFailure) in
    if flags & O_ACCMODE != O_RDONLY, path.contains("/0001") { throw DiskFailure(operation: "open", errno: EACCES) }
    return try LocalFile(opening: path, flags: flags)
  }

  /// The second block of the first segment's index is lost: 84 records are before it.
  private static let failsToRead: SegmentRecovery.OpenFile = { (path, flags) throws(DiskFailure) in
    try LocalFile(opening: path, flags: flags) { descriptor, buffer, count, offset in
      guard path.hasSuffix("/0001.idx"), offset < 8192, offset + count > 4096 else {
        return pread(descriptor, buffer, count, offset)
      }
      errno = EIO
      return -1
    }
  }

  @Test(arguments: [(false, 100), (true, 84)]) func whatCanBeReadCountsAndRecordingGoesOn(
    _ readFails: Bool, _ readable: UInt32
  ) throws {
    try recordAndVanish(1...100)
    try recordAndVanish(101...105)
    let before = [try bytes("0001.mkv"), try bytes("0001.idx")]
    let reopened = try DeviceFolder(
      place, disk: LocalDisk(), openFile: readFails ? Self.failsToRead : Self.refusesWriting)
    let isWhole = readable == 100
    #expect(reopened.contents.recorded.ranges == (isWhole ? [1...105] : [1...readable, 101...105]))
    let failure = DiskFailure(operation: readFails ? "read" : "open", errno: readFails ? EIO : EACCES)
    #expect(
      reopened.contents.notes == [.leftAlone(path: device + "/0001.mkv", failure, frames: Int(readable))])
    #expect(try [bytes("0001.mkv"), bytes("0001.idx")] == before)
    #expect(reopened.record([try frame(106)]).recorded.count == 1)
    #expect(names == ["0001.idx", "0001.mkv", "0002.idx", "0002.mkv", "0003.idx", "0003.mkv"])
  }

  @Test func whatCannotEvenBeOpenedCostsNoOther() throws {
    try recordAndVanish(1...3)
    try recordAndVanish(4...5)
    #expect(unlink(device + "/0001.idx") == 0 && symlink("0001.idx", device + "/0001.idx") == 0)
    let reopened = try DeviceFolder(place, disk: LocalDisk())
    #expect(reopened.contents.recorded.ranges == [4...5] && reopened.contents.notes.count == 1)
    #expect(reopened.record([try frame(6)]).recorded.count == 1)
    #expect(names.contains("0001.mkv") && names.contains("0003.mkv"))
  }

  @Test func aFinishedSegmentIsOpenedForReadingOnly() throws {
    try recordAndVanish(1...3, finishing: true)
    let reopened = try DeviceFolder(place, disk: LocalDisk(), openFile: Self.refusesWriting)
    #expect(reopened.contents.recorded.ranges == [1...3] && reopened.contents.notes.isEmpty)
    #expect(!reopened.hasUnsynced)
  }

  /// The index is only changed when what it was is on the medium.
  @Test func whatCannotBeSavedFirstIsNotChanged() throws {
    try recordAndVanish(1...20)
    try change("0001.idx") {
      try $0.write([UInt8](repeating: 9, count: 3 * 48), at: Int64(IndexHeader.size + 17 * IndexRecord.size))
    }
    let before = [try bytes("0001.mkv"), try bytes("0001.idx")]
    // A name that seems to be free, and is not.
    #expect(symlink("nowhere", device + "/0001.idx.damaged") == 0)
    do {
      let reopened = try DeviceFolder(place, disk: LocalDisk())
      #expect(reopened.contents.recorded.ranges == [1...17])
      #expect(try [bytes("0001.mkv"), bytes("0001.idx")] == before)
      #expect(names == ["0001.idx", "0001.idx.damaged", "0001.mkv"])
      let failure = DiskFailure(operation: "create", errno: EEXIST)
      #expect(reopened.contents.notes == [.leftAlone(path: device + "/0001.mkv", failure, frames: 17)])
    }
    #expect(unlink(device + "/0001.idx.damaged") == 0)
    // An index that is saved, and pictures that are not: nothing is left of it.
    do {
      let end = try #require(try SegmentRecovery(number: 1, folder: device).read()?.records.last).endOffset
      let tailFails: SegmentRecovery.OpenFile = { (path, flags) throws(DiskFailure) in
        try LocalFile(opening: path, flags: flags) { descriptor, buffer, count, offset in
          guard path.hasSuffix(".mkv"), count == before[0].count - Int(end) else {
            return pread(descriptor, buffer, count, offset)
          }
          errno = EIO
          return -1
        }
      }
      let reopened = try DeviceFolder(place, disk: LocalDisk(), openFile: tailFails)
      #expect(reopened.contents.recorded.ranges == [1...17])
      #expect(try [bytes("0001.mkv"), bytes("0001.idx")] == before)
      #expect(names == ["0001.idx", "0001.mkv"])
    }
    let reopened = try DeviceFolder(place, disk: LocalDisk())
    #expect(reopened.contents.recorded.ranges == [1...17])
    #expect(names == ["0001.idx", "0001.idx.damaged", "0001.mkv", "0001.mkv.orphan"])
    #expect(try bytes("0001.idx.damaged") == before[1])
    #expect(reopened.contents.notes.count == 2)
  }

  /// Copying many gigabytes would keep all phones of the thread waiting, and take room that recording needs.
  @Test(arguments: [true, false]) func aTailThatIsTooLongToBeCopiedStaysInPlace(isLong: Bool) throws {
    try recordAndVanish(1...20)
    try change("0001.idx") { try $0.truncate(to: try $0.size() - 5 * 48) }
    if isLong { try change("0001.mkv") { try $0.truncate(to: try $0.size() + SegmentRecovery.maximumCopy) } }
    let size = try LocalFile(opening: device + "/0001.mkv").size()
    let disk = TestDisk()
    if !isLong { disk.state.change { $0.freeBytes = 1000 } }
    do {
      let reopened = try DeviceFolder(place(boot: 9), disk: disk, reserveBytes: 990)
      #expect(reopened.contents.recorded.ranges == [1...15])
      let end = try #require(try SegmentRecovery(number: 1, folder: device).read()?.records.last).endOffset
      #expect(
        reopened.contents.notes == [.leftInPlace(path: device + "/0001.mkv", bytes: size - Int64(end))])
    }
    #expect(names == ["0001.idx", "0001.mkv"])
    #expect(try LocalFile(opening: device + "/0001.mkv").size() == size)
    // From now on nobody looks at it again, nor writes to it.
    let again = try DeviceFolder(place(boot: 9), disk: LocalDisk(), openFile: Self.refusesWriting)
    #expect(again.contents.recorded.ranges == [1...15] && again.contents.notes.isEmpty)
    #expect(again.record([try frame(21)]).recorded.count == 1)
    #expect(try LocalFile(opening: device + "/0001.mkv").size() == size)
  }

  @Test(arguments: [true, false]) func anIndexWhoseMovieIsGoneIsSetAside(isEmptied: Bool) throws {
    try recordAndVanish(1...5)
    if isEmptied {
      try change("0001.mkv") { try $0.truncate(to: 0) }
    } else {
      #expect(unlink(device + "/0001.mkv") == 0)
    }
    let before = try bytes("0001.idx")
    let reopened = try DeviceFolder(place, disk: LocalDisk())
    #expect(reopened.contents.recorded.ranges.isEmpty)
    #expect(names == ["0001.idx.damaged"])
    #expect(try bytes("0001.idx.damaged") == before)
    #expect(
      reopened.contents.notes == [.setAside(path: device + "/0001.idx.damaged", bytes: Int64(before.count))])
  }

  /// What was done is said although nobody is there any more to be greeted.
  @Test func whatWasRepairedIsSaidWhenThePhoneHasLeft() throws {
    let stack = try StreamFixture()
    let old = SegmentPlace(
      folder: "\(stack.folder.path)/rec/\(stack.session.text)/phone-a", instance: 1, anchor: place.anchor,
      boot: place.boot)
    do {
      let folder = try DeviceFolder(old, disk: LocalDisk())
      #expect(folder.record(try (1...5).map(frame)).recorded.count == 5)
      try LocalFile(opening: old.indexPath(1)).write([UInt8](repeating: 0, count: 48), at: 64 + 48)
    }
    stack.send(.open, 1, Array(try stack.opening("phone-a")))
    stack.send(.close, 1)
    try stack.pump { stack.logged.contains { $0.contains("recording_index_repaired") && $0.contains("0001.idx") } }
  }

  /// A welcome tells an upload nothing: it looks like the answer to its hello.
  @Test func anUploadThatCouldNotBeHeldIsToldSo() throws {
    let stack = try StreamFixture()
    let opening = PhoneLinkOpen(
      key: stack.key("phone-a"), transport: .http, metadata: DeviceMetadata(), mode: .threeD,
      anchor: UTCAnchor(readFrom: stack.loop.time))
    stack.send(.open, 1, Array(try JSONEncoder().encode(opening)))
    stack.send(.text, 1, Array(#"{"type":"hello"}"#.utf8))
    for sequence in 1...UInt32(Camera.maximumHeld) + 1 { stack.sendFrame(sequence, 1) }
    try stack.pump { stack.errors(1) == ["recording_behind"] }
    try stack.pump { stack.acknowledged(1) == Camera.maximumHeld }
  }
}
