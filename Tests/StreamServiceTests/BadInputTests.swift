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
    stack.sendFrame(2, 1)
    stack.send(.frame, 1, SampleFrames.bytes(3, captured: now - 5_000_000))
    try stack.pump { stack.errors(1).last == "capture_goes_back" }
    stack.sendFrame(3, 1)
    // Frame 1 will never be good: it is not waited for.
    try stack.pump { stack.acknowledged(1) == 3 }
    #expect(stack.closedDown.isEmpty)
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
