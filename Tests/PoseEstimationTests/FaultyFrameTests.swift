import CTurboJPEG
import PoseEstimation
import Testing

/// Bad frames cost one typed error each and leave the engine and the tracker as they were.
struct FaultyFrameTests {
  private static let frame = Result { try Footage.frames("cam01")[0] }

  private func expectRefusal(_ jpeg: [UInt8], _ matches: (PoseError) -> Bool) throws {
    let engine = try Footage.engine()
    var tracker = PoseTracker()
    _ = try engine.estimate(jpeg: Self.frame.get(), atMicroseconds: 0, tracker: &tracker)
    let before = tracker
    let error = #expect(throws: PoseError.self) {
      try engine.estimate(jpeg: jpeg, atMicroseconds: 33_333, tracker: &tracker)
    }
    #expect(error.map(matches) == true, "refused as \(String(describing: error))")
    #expect(error?.concernsOneFrame == true)
    #expect(tracker == before)
    let next = try engine.estimate(jpeg: Self.frame.get(), atMicroseconds: 66_666, tracker: &tracker)
    #expect(next?.detectorRan == false, "the next good frame carries on")
  }

  @Test(arguments: [[], [0xFF], [0xFF, 0xD8], Array("GET / HTTP/1.1".utf8), Array(repeating: 0, count: 1000)])
  func whatIsNoJPEG(bytes: [UInt8]) throws {
    try expectRefusal(bytes) { if case .notJPEG = $0 { true } else { false } }
  }

  @Test(arguments: [5, 20, 300, 700, 2_000, 20_000]) func truncated(length: Int) throws {
    let cut = Array(try Self.frame.get().prefix(length))
    try expectRefusal(cut) { if case .damagedJPEG = $0 { true } else { false } }
  }

  @Test func withoutItsLastByte() throws {
    let cut = Array(try Self.frame.get().dropLast(3))
    try expectRefusal(cut) { if case .damagedJPEG = $0 { true } else { false } }
  }

  @Test func cmyk() throws {
    let jpeg = TestPicture.jpeg(width: 64, height: 64, format: TJPF_CMYK, subsampling: TJSAMP_444) { x, y in
      [UInt8(x), UInt8(y), 0, 0]
    }
    try expectRefusal(jpeg) { if case .unsupportedJPEG = $0 { true } else { false } }
  }

  @Test func tooSmall() throws {
    let jpeg = TestPicture.jpeg(width: 8, height: 64) { _, _ in [1, 2, 3] }
    try expectRefusal(jpeg) { $0 == .frameSizeRefused(width: 8, height: 64, limit: 1 << 24) }
  }

  /// A header that announces 65,500 × 65,500 pixels must not cost their memory.
  @Test func announcedTooLarge() throws {
    var jpeg = try Self.frame.get()
    let marker = try #require((0..<jpeg.count - 9).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
    jpeg.replaceSubrange(marker + 5..<marker + 9, with: [0xFF, 0xDC, 0xFF, 0xDC])
    try expectRefusal(jpeg) { $0 == .frameSizeRefused(width: 65_500, height: 65_500, limit: 1 << 24) }
  }

  /// Flipped bits may decode to something; whatever comes of it, the engine survives.
  @Test func flippedBits() throws {
    let engine = try Footage.engine()
    let good = try Self.frame.get()
    var tracker = PoseTracker()
    var refused = 0
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    for _ in 0..<120 {
      var jpeg = good
      for _ in 0..<3 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        // Half of the flips hit the headers, where structure is.
        let span = state & (1 << 40) == 0 ? 700 : jpeg.count
        jpeg[Int((state >> 41) % UInt64(span))] ^= 1 << UInt8((state >> 37) & 7)
      }
      do {
        _ = try engine.estimate(jpeg: jpeg, atMicroseconds: 0, tracker: &tracker)
      } catch {
        #expect(error.concernsOneFrame)
        refused += 1
      }
    }
    #expect(refused > 10, "some of the damage must have been noticed")
    tracker = PoseTracker()
    #expect(try engine.estimate(jpeg: good, atMicroseconds: 0, tracker: &tracker) != nil)
  }

  @Test func anEmptyRoomHoldsNobody() throws {
    let engine = try Footage.engine()
    var tracker = PoseTracker()
    #expect(try engine.estimate(jpeg: TestPicture.emptyRoom(), atMicroseconds: 0, tracker: &tracker) == nil)
    #expect(!tracker.isFollowing)
  }

  @Test func aPersonWhoLeavesIsLost() throws {
    let engine = try Footage.engine()
    var tracker = PoseTracker()
    #expect(try engine.estimate(jpeg: Self.frame.get(), atMicroseconds: 0, tracker: &tracker) != nil)
    #expect(try engine.estimate(jpeg: TestPicture.emptyRoom(), atMicroseconds: 1, tracker: &tracker) == nil)
    #expect(tracker == PoseTracker())
  }
}
