import Bus
import FoundationEssentials
import Glibc
import Messages
import Runtime
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
    let reply = library.finalTimes(ReadFinalTimes(session: session, offset: 0))
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

  @Test func recordingsOfAnotherBootKeepTheirTimes() throws {
    var open: DeviceFolder? = try DeviceFolder(place, disk: LocalDisk())
    _ = try open?.record((1...3).map { try frame($0) })
    try open?.append(sample)
    open = nil
    let later = RecordingLibrary(root: folder.path, instance: 1, boot: BootID(high: 9, low: 9))
    let reply = later.finalTimes(ReadFinalTimes(session: session, offset: 0))
    #expect(try Array(reply.piece).withUnsafeBytes { try FinalDeviceTimes.decode($0) }.allSatisfy(\.times.isEmpty))
    #expect(access("\(place.folder)/clock-1.bin", F_OK) != 0, "the exchanges are left where they are")
  }

  @Test func aProcessThatStopsLeavesThem() throws {
    let desk = RecorderDesk(
      library: library, reserveBytes: 0, disk: LocalDisk(), time: ManualTimeSource(), syncer: RecordingSyncer()
    ) { _ in }
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
