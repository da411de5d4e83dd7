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
