import Bus
import Foundation
import Glibc
import Messages
import Runtime
import TestFolders
import Testing
import Timing

@testable import StreamService

/// The times that are corrected afterwards are there whenever somebody asks, however the process ended.
@Suite struct FinalTimesTests {
  private let folder = TemporaryFolder()
  private let session = SessionID("sess")!
  private let device = DeviceID("phone")!
  private let boot = BootID(high: 1, low: 2)
  private var place: SegmentPlace {
    SegmentPlace(
      folder: "\(folder.path)/sess/phone", instance: 1,
      anchor: UTCAnchor(sessionTime: .zero, utcMicroseconds: 1_700_000_000_000_000), boot: boot)
  }
  private var library: RecordingLibrary { RecordingLibrary(root: folder.path, instance: 1, boot: boot) }

  /// A phone whose clock is a second behind; its frames' live times are 400 µs wrong.
  private func frame(_ sequence: UInt32, latency: UInt32 = 0) throws -> TimedFrame {
    let captured = Int64(sequence) * 33_333
    let checked = try FrameCheck.check(BusMessage(SampleFrames.bytes(sequence, captured: captured)), arrived: .zero)
    let live = SessionTime(microseconds: 1_000_400 + captured - Int64(latency))
    return TimedFrame(
      frame: checked, reading: ClockReading(time: live, errorBoundMicroseconds: 5000),
      cameraLatencyMicroseconds: latency)
  }

  private var sample: ClockSample {
    ClockSample(
      deviceSent: DeviceTime(microseconds: 200_000), serverReceived: SessionTime(microseconds: 1_200_100),
      serverSent: SessionTime(microseconds: 1_200_100), deviceReceived: DeviceTime(microseconds: 200_200))
  }

  private func ask() throws -> (devicesInUse: Int, times: [FinalDeviceTimes.Time]) {
    let reply = library.finalTimes(of: session).piece(from: 0)
    #expect(reply.totalBytes == reply.piece.count)
    return (
      reply.devicesInUse, try Array(reply.piece).withUnsafeBytes { try FinalDeviceTimes.decode($0) }.first?.times ?? []
    )
  }

  private func expectRight(_ times: [FinalDeviceTimes.Time], latency: Int64 = 0) {
    #expect(times.map(\.sequence) == Array(1...10))
    for time in times {
      let error = time.reading.time.microseconds - (1_000_000 + Int64(time.sequence) * 33_333 - latency)
      #expect(error.magnitude <= 100 && time.reading.errorBoundMicroseconds < 5000)
    }
  }

  @Test(arguments: [UInt32(0), 38_000]) func whatAKilledProcessOwesIsMadeWhenAskedFor(latency: UInt32) throws {
    var open: DeviceFolder? = try DeviceFolder(place, disk: LocalDisk())
    #expect(try open?.record((1...10).map { try frame($0, latency: latency) }).recorded.count == 10)
    try open?.append(sample)
    // Whoever holds the folder makes them.
    #expect(try ask().devicesInUse == 1)
    #expect(try ask().times.isEmpty)
    open = nil
    let (inUse, times) = try ask()
    #expect(inUse == 0)
    expectRight(times, latency: Int64(latency))
    let stored = try #require(try SegmentRecovery(number: 1, folder: place.folder).read())
    #expect(stored.header.cameraLatencyMicroseconds == latency)
    #expect(stored.records[0].deviceTime == DeviceTime(microseconds: 33_333), "as the phone said it")
    // The coach gets them beside the recording and its index.
    let listed = try #require(library.files(of: session).first)
    #expect(listed.paths == ["phone/0001.mkv", "phone/0001.idx", "phone/0001.times"])
    for path in listed.paths {
      #expect(library.read(ReadRecording(session: session, path: path, offset: 0)) != nil)
    }
    #expect(library.read(ReadRecording(session: session, path: "phone/clock.bin", offset: 0)) == nil)
  }

  /// Without a calibration, or with nobody in view, nobody else asks for them.
  @Test func whatAKilledProcessOwesIsMadeForWhoListsTheRecordings() throws {
    var open: DeviceFolder? = try DeviceFolder(place, disk: LocalDisk())
    #expect(try open?.record((1...10).map { try frame($0) }).recorded.count == 10)
    try open?.append(sample)
    #expect(list().map(\.paths) == [["phone/0001.mkv", "phone/0001.idx"]])
    open = nil
    #expect(list().map(\.paths) == [["phone/0001.mkv", "phone/0001.idx", "phone/0001.times"]])
    expectRight(TimesCorrection(folder: place.folder, boot: boot).times)
  }

  /// What the coach is told.
  private func list() -> [RecordingFile] {
    var listed: [RecordingFile] = []
    let desk = makeDesk { if case .listed(_, let files) = $0 { listed = files } }
    desk.serve(.list(session, request: 1))
    return listed
  }

  /// A disk that refuses the first of two files; it is told once, and tried again when some time has passed.
  @Test func timesThatCannotBeWrittenCostNoOthers() throws {
    let lines = Monitor([String]())
    var open: DeviceFolder? = try DeviceFolder(place, disk: LocalDisk())
    _ = try open?.record((1...5).map { try frame($0) })
    try open?.finishSegments()
    _ = try open?.record((6...10).map { try frame($0) })
    try open?.append(sample)
    open = nil
    let obstacle = "\(place.folder)/0001.times.new"
    try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: false)

    let time = ManualTimeSource()
    let told = RecordingLibrary(
      root: folder.path, instance: 1, boot: boot,
      log: Log(name: "test") { line in lines.change { $0.append(line) } })
    var recordings = RecordingList(told, time: time)
    func withTimes() -> [Bool] { recordings.files(of: session).map { $0.timesPath != nil } }
    #expect(withTimes() == [false, true])
    rmdir(obstacle)
    #expect(withTimes() == [false, true], "not with every list")
    try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: false)
    time.advance(by: .microseconds(RecordingList.pause))
    #expect(withTimes() == [false, true])
    #expect(lines.withLock { $0.count { $0.contains("times_not_corrected") } } == 1)
    rmdir(obstacle)
    time.advance(by: .microseconds(RecordingList.pause))
    #expect(withTimes() == [true, true])
  }

  @Test func recordingsOfAnotherBootKeepTheirTimes() throws {
    var open: DeviceFolder? = try DeviceFolder(place, disk: LocalDisk())
    _ = try open?.record((1...3).map { try frame($0) })
    try open?.append(sample)
    open = nil
    let later = RecordingLibrary(root: folder.path, instance: 1, boot: BootID(high: 9, low: 9))
    let reply = later.finalTimes(of: session).piece(from: 0)
    #expect(try Array(reply.piece).withUnsafeBytes { try FinalDeviceTimes.decode($0) }.allSatisfy(\.times.isEmpty))
    #expect(access("\(place.folder)/clock-1.bin", F_OK) != 0, "the exchanges are left where they are")
  }

  /// The folders are read once, however many pieces there are.
  @Test func allPiecesAreOfOneReading() throws {
    var shelf = FinalTimesShelf(library)
    let now = SessionTime(microseconds: 5_000_000)
    let count = ReadFinalTimes.maximumPiece / 16 + 1000
    try writeTimes(count)
    let first = shelf.reply(to: ReadFinalTimes(session: session, offset: 0), at: now)
    #expect(first.piece.count == ReadFinalTimes.maximumPiece && first.totalBytes > ReadFinalTimes.maximumPiece)
    // What is on disk by now does not matter.
    try writeTimes(1)
    var bytes = Array(first.piece)
    var pieces = 1
    while bytes.count < first.totalBytes {
      let reply = shelf.reply(to: ReadFinalTimes(session: session, offset: bytes.count), at: now)
      #expect(reply.totalBytes == first.totalBytes && !reply.piece.isEmpty)
      guard !reply.piece.isEmpty else { return }
      bytes += Array(reply.piece)
      pieces += 1
    }
    #expect(pieces == 2)
    let times = try bytes.withUnsafeBytes { try FinalDeviceTimes.decode($0) }
    #expect(times.first?.times.count == count && times.first?.times.last?.sequence == UInt32(count))
    // Who begins anew gets what is there now; so does who comes back much later.
    let again = shelf.reply(to: ReadFinalTimes(session: session, offset: 0), at: now)
    #expect(again.totalBytes < 100)
    try writeTimes(count)
    _ = shelf.reply(to: ReadFinalTimes(session: session, offset: 0), at: now)
    try writeTimes(1)
    let late = shelf.reply(to: ReadFinalTimes(session: session, offset: 16), at: now + FinalTimesShelf.memory + 1)
    #expect(late.totalBytes == again.totalBytes)
  }

  private func writeTimes(_ count: Int) throws {
    try FileManager.default.createDirectory(atPath: place.folder, withIntermediateDirectories: true)
    let records = (1...count).map { number in
      IndexRecord(
        sequence: UInt32(number), width: 16, height: 16, deviceTime: DeviceTime(microseconds: Int64(number)),
        reading: ClockReading(time: SessionTime(microseconds: 1_000_000 + Int64(number)), errorBoundMicroseconds: 7),
        payloadBytes: 1, endOffset: 600, timestampMilliseconds: 0)
    }
    let header = IndexHeader(
      kind: .live, instance: 1, anchor: UTCAnchor(sessionTime: .zero, utcMicroseconds: 0), boot: boot,
      firstClusterOffset: 500)
    let stored = StoredSegment(number: 1, header: header, records: records, movieBytes: 600)
    let times = try #require(CorrectedTimes(of: stored, history: ClockHistory([sample]), boot: boot))
    try times.write(to: "\(place.folder)/0001.times")
    // A name without a file: what lies there is all there is.
    close(open("\(place.folder)/0001.mkv", O_CREAT | O_WRONLY, 0o600))
  }

  private func makeDesk(emit: @escaping (RecorderEvent) -> Void = { _ in }) -> RecorderDesk {
    RecorderDesk(
      library: library, reserveBytes: 0, disk: LocalDisk(), time: ManualTimeSource(), syncer: RecordingSyncer(),
      emit: emit)
  }

  private func whileAnotherHoldsTheFolder(_ body: () -> Void) throws {
    try FileManager.default.createDirectory(atPath: place.folder, withIntermediateDirectories: true)
    let other = try #require(try FolderLock(folder: place.folder))
    withExtendedLifetime(other, body)
  }

  /// The phone's only exchange may come while another instance still holds the folder.
  @Test func exchangesFromBeforeTheFolderCouldBeOpenedCount() throws {
    let desk = makeDesk()
    let opening = RecorderCommand.open(1, place, DeviceKey(session: session, device: device))
    try whileAnotherHoldsTheFolder {
      desk.serve(opening)
      desk.serve(.clock(1, sample))
    }
    desk.serve(opening)
    for sequence in UInt32(1)...10 { desk.serve(.frame(1, try frame(sequence))) }
    desk.serve(.close(1))
    #expect(access("\(place.folder)/0001.times", F_OK) == 0)
    expectRight(try ask().times)
  }

  /// Of a phone that gave up before its folder could be opened, the next connection knows nothing.
  @Test func exchangesOfAConnectionThatEndedDoNotCount() throws {
    let desk = makeDesk()
    let opening = RecorderCommand.open(1, place, DeviceKey(session: session, device: device))
    try whileAnotherHoldsTheFolder {
      desk.serve(opening)
      desk.serve(.clock(1, sample))
      desk.serve(.close(1))
    }
    desk.serve(opening)
    desk.serve(.close(1))
    #expect(try DeviceFolder(place, disk: LocalDisk()).contents.clockSamples.isEmpty)
  }

  @Test func aProcessThatStopsLeavesThem() throws {
    let desk = makeDesk()
    desk.serve(.open(1, place, DeviceKey(session: session, device: device)))
    desk.serve(.clock(1, sample))
    for sequence in UInt32(1)...10 { desk.serve(.frame(1, try frame(sequence))) }
    desk.flush()
    desk.closeAll()
    #expect(access("\(place.folder)/0001.times", F_OK) == 0)
    let (inUse, times) = try ask()
    #expect(inUse == 0)
    expectRight(times)
  }
}
