import FoundationEssentials
import Messages
import Testing
import Timing

@testable import StreamService

@Suite("Recording over the bus", .serialized)
struct RecordingTests {
  @Test func framesAreRecordedAndAcknowledged() throws {
    let stack = try StreamFixture()
    try stack.connect("phone-a", link: 1)
    for sequence in 1...40 as ClosedRange<UInt32> {
      stack.sendFrame(sequence, 1, capturedAgo: Int64(41 - sequence) * 33_333)
    }
    try stack.pump { stack.acknowledged(1) == 40 }
    stack.send(.close, 1)
    try stack.pump { (try? stack.segments("phone-a").first?.header.isFinished) == true }
    let segment = try #require(try stack.segments("phone-a").first)
    #expect(segment.records.map(\.sequence) == Array(1...40))
    #expect(segment.records.allSatisfy { !$0.reading.isProvisional })
    let probe = try Probe(stack.moviePath("phone-a", 1))
    #expect(probe.codec == "mjpeg")
    #expect(probe.frames == 40)
    // Frame times are kept: the Matroska times are those of the index, to the millisecond.
    let start = segment.header.anchor.sessionTime
    #expect(probe.timestamps == segment.records.map { Int(($0.reading.time - start) / 1000) })
    #expect(probe.timestamps == segment.records.map { Int($0.timestampMilliseconds) })
  }

  @Test func duplicatesAreAcknowledgedAndNotRecordedTwice() throws {
    let stack = try StreamFixture()
    try stack.connect("phone-a", link: 1)
    for _ in 0..<3 { for sequence in 1...5 as ClosedRange<UInt32> { stack.sendFrame(sequence, 1) } }
    try stack.pump { stack.acknowledged(1) == 5 }
    try stack.pump { stack.reports.last?.framesDuplicate == 10 }
    let report = try #require(stack.reports.last)
    #expect(report.framesRecorded == 5)
    #expect(report.framesReceived == 15)
    #expect(try stack.segments("phone-a").map(\.records.count) == [5])
  }

  @Test func framesSentAgainGoIntoAFillSegment() throws {
    let stack = try StreamFixture()
    try stack.connect("phone-a", link: 1)
    for sequence in [1, 2, 3, 10, 11] as [UInt32] { stack.sendFrame(sequence, 1) }
    try stack.pump {
      stack.acknowledged(1) == 3 && (try? stack.segments("phone-a").first?.records.count) == 5
    }
    for sequence in 4...9 as ClosedRange<UInt32> { stack.sendFrame(sequence, 1, capturedAgo: 1_000_000) }
    try stack.pump { stack.acknowledged(1) == 11 }
    let segments = try stack.segments("phone-a")
    #expect(segments.map(\.header.kind) == [.live, .fill])
    #expect(segments.map { $0.records.map(\.sequence) } == [[1, 2, 3, 10, 11], [4, 5, 6, 7, 8, 9]])
    #expect(try Probe(stack.moviePath("phone-a", 2)).frames == 6)
  }

  @Test func aNewConnectionContinuesInANewFile() throws {
    let stack = try StreamFixture()
    try stack.connect("phone-a", link: 1)
    for sequence in 1...5 as ClosedRange<UInt32> { stack.sendFrame(sequence, 1) }
    try stack.pump { stack.acknowledged(1) == 5 }
    try stack.connect("phone-a", link: 2)
    #expect(stack.closedDown[1]?.code == "replaced_by_new_connection")
    #expect(stack.texts[2]?.first == #"{"type":"welcome","next_seq":6}"#)
    for sequence in 4...8 as ClosedRange<UInt32> { stack.sendFrame(sequence, 2) }
    try stack.pump { stack.acknowledged(2) == 8 }
    #expect(try stack.segments("phone-a").map { $0.records.map(\.sequence) } == [[1, 2, 3, 4, 5], [6, 7, 8]])
    #expect(try stack.segments("phone-a")[0].header.isFinished)
  }

  @Test func framesWaitForTheFirstClockExchange() throws {
    let stack = try StreamFixture()
    stack.send(.open, 1, Array(try stack.opening("phone-a")))
    for sequence in 1...3 as ClosedRange<UInt32> { stack.sendFrame(sequence, 1) }
    // No hello: the welcome comes all the same, as after a restart.
    try stack.pump { stack.texts[1]?.contains { $0.contains("welcome") } ?? false }
    #expect(stack.acknowledged(1) == 0)
    stack.exchangeClocks(1)
    try stack.pump { stack.acknowledged(1) == 3 }
    #expect(try stack.segments("phone-a")[0].records.allSatisfy { !$0.reading.isProvisional })
  }

  @Test func framesThatThereIsNoRoomToHoldAreAskedForAgain() throws {
    let stack = try StreamFixture()
    // As long as another instance has the folder, frames are held.
    let device = "\(stack.folder.path)/rec/\(stack.session.text)/phone-a"
    try FileManager.default.createDirectory(atPath: device, withIntermediateDirectories: true)
    var lock = try FolderLock(folder: device)
    stack.send(.open, 1, Array(try stack.opening("phone-a")))
    stack.send(.text, 1, Array(#"{"type":"hello"}"#.utf8))
    stack.exchangeClocks(1)
    let held = UInt32(Camera.maximumHeld)
    for sequence in 1...held + 2 { stack.sendFrame(sequence, 1) }
    stack.send(.ping, 0)
    try stack.pump { stack.pongs.count == 1 }
    withExtendedLifetime(lock) {}
    lock = nil
    try stack.pump("the phone must not wait for its next connection") {
      stack.texts[1]?.count { $0.contains("welcome") } == 2
    }
    try stack.pump { stack.acknowledged(1) == held }
    for sequence in held + 1...held + 2 { stack.sendFrame(sequence, 1) }
    try stack.pump { stack.acknowledged(1) == held + 2 }
  }

  @Test func timesAreCorrectedWithAllExchangesWhenTheConnectionEnds() throws {
    let stack = try StreamFixture()
    // The first frame comes before any exchange and is recorded with the time of its arrival.
    stack.send(.open, 1, Array(try stack.opening("phone-a")))
    stack.sendFrame(1, 1, capturedAgo: 700_000)
    try stack.pump { stack.acknowledged(1) == 1 }
    for _ in 0..<6 { stack.exchangeClocks(1) }
    stack.sendFrame(2, 1)
    try stack.pump { stack.acknowledged(1) == 2 }
    stack.send(.close, 1)
    try stack.pump { (try? stack.correctedTimes("phone-a", 2)) != nil }
    let segments = try stack.segments("phone-a")
    #expect(segments.map { $0.records.map(\.reading.isProvisional) } == [[true], [false]])
    for segment in segments {
      let corrected = try stack.correctedTimes("phone-a", segment.number)
      #expect(corrected.records.map(\.sequence) == segment.records.map(\.sequence))
      for (record, better) in zip(segment.records, corrected.records) {
        // This phone's clock is the session's.
        let error = (better.reading.time.microseconds - record.deviceTime.microseconds).magnitude
        #expect(error <= better.reading.errorBoundMicroseconds)
        #expect(better.reading.errorBoundMicroseconds <= record.reading.errorBoundMicroseconds)
      }
    }
  }

  @Test func correctedTimesThatAreDamagedAreRefused() throws {
    let reading = ClockReading(time: SessionTime(microseconds: 258), errorBoundMicroseconds: 7)
    let segment = StoredSegment(
      number: 1,
      header: IndexHeader(
        kind: .live, instance: 1, anchor: UTCAnchor(sessionTime: .zero, utcMicroseconds: 0),
        boot: BootID(high: 1, low: 2), firstClusterOffset: 500),
      records: [
        IndexRecord(
          sequence: 3, width: 16, height: 16, deviceTime: DeviceTime(microseconds: 0), reading: reading,
          payloadBytes: 1, endOffset: 600, timestampMilliseconds: 0)
      ], movieBytes: 600)
    let sample = ClockSample(
      deviceSent: DeviceTime(microseconds: 0), serverReceived: SessionTime(microseconds: 256),
      serverSent: SessionTime(microseconds: 256), deviceReceived: DeviceTime(microseconds: 0))
    let history = ClockHistory([sample])
    #expect(CorrectedTimes(of: segment, history: history, boot: BootID(high: 9, low: 2)) == nil)
    let times = try #require(CorrectedTimes(of: segment, history: history, boot: BootID(high: 1, low: 2)))
    let bytes = times.encoded()
    // Golden bytes: a reader in another language depends on them.
    #expect(
      Array(bytes[..<36]) == Array("AXT1".utf8) + [1, 0, 0, 0] + [0, 0, 0, 0, 0, 0, 0, 0] + [1, 0, 0, 0, 0, 0, 0, 0]
        + [2, 0, 0, 0, 0, 0, 0, 0] + [3, 0, 0, 0])
    #expect(Array(bytes[40..<48]) == [0, 1, 0, 0, 0, 0, 0, 0])
    #expect(try bytes.withUnsafeBytes { try CorrectedTimes(decoding: $0) } == times)
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 1
      #expect(throws: DecodingFailure.self) { _ = try damaged.withUnsafeBytes { try CorrectedTimes(decoding: $0) } }
      #expect(throws: DecodingFailure.self) {
        _ = try Array(bytes[..<index]).withUnsafeBytes { try CorrectedTimes(decoding: $0) }
      }
    }
  }

  @Test func withoutAnyClockExchangeFramesAreRecordedAllTheSame() throws {
    let stack = try StreamFixture()
    stack.send(.open, 1, Array(try stack.opening("phone-a")))
    stack.sendFrame(1, 1)
    try stack.pump { stack.acknowledged(1) == 1 }
    #expect(try stack.segments("phone-a")[0].records[0].reading.isProvisional)
  }

  @Test func listingAndDeleting() throws {
    let stack = try StreamFixture()
    let made = UTCAnchor(readFrom: stack.loop.time)
    try stack.connect("phone-a", link: 1)
    try stack.connect("phone-b", link: 2)
    for link in [1, 2] as [UInt64] { stack.sendFrame(1, link) }
    try stack.pump { stack.acknowledged(1) == 1 && stack.acknowledged(2) == 1 }
    let listed = try stack.ask(ListRecordings(session: stack.session)).files
    #expect(listed.map(\.path) == ["phone-a/0001.mkv", "phone-b/0001.mkv"])
    #expect(listed.allSatisfy { $0.frames == 1 && $0.firstSequence == 1 && $0.lastSequence == 1 })
    let delete = DeleteRecordings(session: stack.session, deletion: DeletionID(String(repeating: "a", count: 32))!)
    let removed = try stack.ask(delete)
    #expect(removed.files == 2 && removed.bytes > 1000)
    #expect(stack.closedDown[1]?.code == "session_deleted")
    #expect(try stack.ask(ListRecordings(session: stack.session)).files.isEmpty)
    // Asked again it tells the same; another deletion finds nothing.
    #expect(try stack.ask(delete).files == 2)
    let other = DeleteRecordings(session: stack.session, deletion: DeletionID(String(repeating: "b", count: 32))!)
    #expect(try stack.ask(other).files == 0)
    // Nobody brings it back.
    stack.send(.open, 3, Array(try stack.opening("phone-a", made: made)))
    try stack.pump { stack.closedDown[3]?.code == "session_deleted" }
    // Another session of the same name is another one.
    try stack.connect("phone-a", link: 4)
    stack.sendFrame(1, 4)
    try stack.pump { stack.acknowledged(4) == 1 }
    #expect(stack.closedDown[4] == nil)
  }

  /// A disk that does not let go is told of, so that session-svc asks again and the receipt does not lie.
  @Test func whatCannotBeRemovedIsNotReceipted() throws {
    let stack = try StreamFixture()
    let files = FileManager.default
    let recordings = stack.folder.path + "/rec"
    // Deeper than anything that is made here, and so nothing that is removed here.
    let stubborn = String(repeating: "/held", count: 10)
    try files.createDirectory(atPath: recordings + "/sess-1/phone-a" + stubborn, withIntermediateDirectories: true)
    let delete = DeleteRecordings(session: stack.session, deletion: DeletionID(String(repeating: "a", count: 32))!)
    #expect(throws: ServiceError.recordingsStay) { try stack.ask(delete) }
    // It is out of reach all the same.
    #expect(!files.fileExists(atPath: recordings + "/sess-1"))
    let rest = try #require(files.contentsOfDirectory(atPath: recordings).first { $0.hasPrefix(".deleted-") })
    try files.removeItem(atPath: "\(recordings)/\(rest)/phone-a/held")
    _ = try stack.ask(delete)
    #expect(try files.contentsOfDirectory(atPath: recordings) == [".removed"])
  }
}
