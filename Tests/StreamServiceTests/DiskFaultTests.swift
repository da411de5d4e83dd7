import Glibc
import Messages
import Testing
import Timing

@testable import StreamService

@Suite("Faults of the disk", .serialized)
struct DiskFaultTests {
  @Test func aFullDiskIsNamedAndRecordingResumes() throws {
    let stack = try StreamFixture()
    try stack.connect("phone-a", link: 1)
    for sequence in 1...5 as ClosedRange<UInt32> { stack.sendFrame(sequence, 1) }
    try stack.pump { stack.acknowledged(1) == 5 }
    stack.disk.state.change { $0.failure = DiskFailure(operation: "write", errno: ENOSPC) }
    for sequence in 6...8 as ClosedRange<UInt32> { stack.sendFrame(sequence, 1) }
    try stack.pump { stack.errors(1) == ["disk_full"] }
    try stack.pump("the coach hears of it") { stack.reports.last?.recording?.problem == "disk_full" }
    stack.disk.state.change { $0.failure = nil }
    stack.forgetTexts()
    // The phone goes on; the first frame that finds room makes the service ask for the others.
    var sequence: UInt32 = 9
    var next = stack.loop.time.now()
    try stack.pump {
      if stack.loop.time.now() >= next {
        stack.sendFrame(sequence, 1)
        sequence += 1
        next = stack.loop.time.now().advanced(by: .milliseconds(33))
      }
      return stack.texts[1]?.contains(#"{"type":"welcome","next_seq":6}"#) ?? false
    }
    for missing in 6..<sequence { stack.sendFrame(missing, 1) }
    try stack.pump { stack.acknowledged(1) == Int(sequence) - 1 }
    try stack.pump("the coach hears of it") { stack.reports.last?.recording?.problem == nil }
    let numbers = try stack.segments("phone-a").flatMap { $0.records.map(\.sequence) }
    #expect(numbers.sorted() == Array(1..<sequence))
    for number in 1...(try stack.segments("phone-a").count) {
      #expect(try Probe(stack.moviePath("phone-a", number)).frames > 0)
    }
  }

  @Test func tooLittleRoomCountsAsFull() throws {
    let stack = try StreamFixture()
    stack.disk.state.change { $0.freeBytes = 9 << 20 }
    try stack.connect("phone-a", link: 1)
    stack.sendFrame(1, 1)
    try stack.pump { stack.errors(1) == ["disk_full"] }
    #expect(stack.acknowledged(1) == 0)
  }

  /// The reserve of the fixture is 10 MB.
  @Test func theRoomThatIsLeftIsReported() throws {
    let stack = try StreamFixture()
    try stack.connect("phone-a", link: 1)
    stack.disk.state.change { $0.freeBytes = 12 << 20 }
    try stack.pump { stack.reports.last?.recording?.roomBytes == 2 << 20 }
    stack.disk.state.change { $0.freeBytes = 9 << 20 }
    try stack.pump { stack.reports.last?.recording?.roomBytes == 0 }
    #expect(stack.reports.last?.recording?.problem == nil)
  }

  @Test func aFolderThatCannotBeOpenedIsTheCoachsBusinessToo() throws {
    let stack = try StreamFixture()
    // A file where the session's folder should be.
    let inTheWay = "\(stack.folder.path)/rec/\(stack.session.text)"
    #expect(close(open(inTheWay, O_CREAT | O_WRONLY, 0o600)) == 0)
    stack.send(.open, 1, Array(try stack.opening("phone-a")))
    try stack.pump { stack.reports.last?.recording?.problem == "recording_failed" }
    #expect(unlink(inTheWay) == 0)
    try stack.pump { stack.reports.last?.recording?.problem == nil }
  }

  @Test func aHangingDiskHoldsUpNobodyElse() throws {
    let stack = try StreamFixture()
    try stack.connect("phone-a", link: 1)
    stack.sendFrame(1, 1)
    try stack.pump { stack.acknowledged(1) == 1 }
    stack.disk.state.change { $0.isHeld = true }
    for sequence in 2...600 as ClosedRange<UInt32> { stack.sendFrame(sequence, 1) }
    stack.send(.ping, 0)
    try stack.pump { stack.pongs.count == 1 && stack.errors(1) == ["recording_behind"] }
    #expect(stack.acknowledged(1) == 1)
    stack.disk.state.change { $0.isHeld = false }
    try stack.pump { stack.acknowledged(1) == 1 + Camera.maximumInFlight }
    #expect(try stack.segments("phone-a")[0].records.count == 1 + Camera.maximumInFlight)
  }
}
