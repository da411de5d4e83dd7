import Messages
import Testing
import Timing

@testable import StreamService

@Suite("Bad input costs one message", .serialized)
struct BadInputTests {
  @Test func everyRefusalHasItsCode() throws {
    let stack = try StreamFixture()
    try stack.connect("phone-a", link: 1)
    let now = stack.loop.time.now().microseconds
    let good = SampleFrames.bytes(1, captured: now)
    stack.send(.frame, 1, Array(good.dropLast()))
    stack.send(.frame, 1, good + [0])
    stack.send(.frame, 1, [1, 2, 3])
    stack.send(.frame, 1, SampleFrames.bytes(1, captured: now, jpeg: Array("no picture at all".utf8)))
    stack.send(.frame, 1, SampleFrames.bytes(1, captured: now, width: 640))
    stack.send(.frame, 1, SampleFrames.bytes(4_000_000, captured: now))
    stack.send(.frame, 1, SampleFrames.bytes(1, captured: now + 10_000_000))
    stack.send(.text, 1, Array("{".utf8))
    try stack.pump { stack.errors(1).count == 8 }
    #expect(
      stack.errors(1) == [
        "frame_malformed", "frame_malformed", "frame_malformed", "frame_not_jpeg", "frame_size_mismatch",
        "sequence_too_far", "capture_in_future", "message_malformed",
      ])
    // Of a clock that counts from 1970, and of none: neither reaches the disk.
    for captured in [now - 2_000_000_000_000_000, .min, .max] {
      stack.send(.frame, 1, SampleFrames.bytes(1, captured: captured))
    }
    try stack.pump { stack.errors(1).count == 11 }
    #expect(stack.errors(1).suffix(3) == ["capture_too_old", "frame_malformed", "frame_malformed"])
    stack.sendFrame(2, 1)
    stack.send(.frame, 1, SampleFrames.bytes(3, captured: now - 5_000_000))
    try stack.pump { stack.errors(1).last == "capture_goes_back" }
    stack.sendFrame(3, 1)
    // Frame 1 will never be good: it is not waited for.
    try stack.pump { stack.acknowledged(1) == 3 }
    #expect(stack.closedDown.isEmpty)
  }

  /// Believed, two of these would have made a clock of 285 years, and seven gigabytes of its history.
  @Test func whatThisServerCannotHaveSaidIsNoMeasurement() throws {
    let stack = try StreamFixture()
    stack.send(.open, 1, Array(try stack.opening("phone-a")))
    for stamp in [0, 1 << 53] as [Int64] {
      let device = DeviceTime(microseconds: stamp)
      let server = SessionTime(microseconds: stamp)
      let sample = ClockSample(
        deviceSent: device, serverReceived: server, serverSent: server, deviceReceived: device)
      stack.send(.clockSample, 1, sample.encoded())
    }
    let unbelieved = "axolotl_clock_samples_unbelieved_total"
    try stack.pump {
      stack.context.metrics.exposition().split(separator: "\n").contains {
        $0.hasPrefix(unbelieved) && $0.hasSuffix(" 2")
      }
    }
  }

  @Test func anUnknownLinkIsAskedToOpen() throws {
    let stack = try StreamFixture()
    stack.sendFrame(1, 77)
    try stack.pump { stack.reopened == [77] }
  }

  @Test func pingsAreAnsweredWithTheSameBoot() throws {
    let stack = try StreamFixture()
    stack.send(.ping, 0)
    stack.send(.ping, 0)
    try stack.pump { stack.pongs.count == 2 }
    #expect(stack.pongs[0].count == 8 && stack.pongs[0] == stack.pongs[1])
  }

  @Test func noiseOnTheLinkIsSurvived() throws {
    let stack = try StreamFixture()
    for kind in PhoneLinkKind.allCases { stack.send(kind, 5, [0xFF, 0, 1]) }
    for kind in PhoneLinkKind.allCases { stack.send(kind, 5) }
    try stack.connect("phone-a", link: 6)
    stack.sendFrame(1, 6)
    try stack.pump { stack.acknowledged(6) == 1 }
  }
}
