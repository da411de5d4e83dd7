import Testing

@testable import PoseEstimation

/// The memory of one camera.
struct PoseTrackerTests {
  private let standing = AlignmentPoints(hips: FramePoint(x: 360, y: 700), top: FramePoint(x: 360, y: 300))

  private func following(at time: Int64 = 0) -> PoseTracker {
    var tracker = PoseTracker()
    tracker.found(standing, inFrameOf: 720, 1280, atMicroseconds: time)
    return tracker
  }

  @Test func searchesAtFirst() {
    #expect(PoseTracker().region(inFrameOf: 720, 1280, atMicroseconds: 0) == nil)
    #expect(!PoseTracker().isFollowing)
  }

  @Test func looksWhereThePersonWas() {
    let tracker = following()
    #expect(tracker.isFollowing)
    #expect(tracker.region(inFrameOf: 720, 1280, atMicroseconds: 33_333) == SquareRegion(around: standing))
  }

  @Test func searchesForWhomItLost() {
    var tracker = following()
    tracker.lost()
    #expect(tracker == PoseTracker())
  }

  @Test func searchesWhenThePhoneIsTurned() {
    #expect(following().region(inFrameOf: 1280, 720, atMicroseconds: 33_333) == nil)
  }

  @Test func searchesAfterAGap() {
    let tracker = following(at: 5_000_000)
    #expect(tracker.region(inFrameOf: 720, 1280, atMicroseconds: 6_000_000) != nil)
    #expect(tracker.region(inFrameOf: 720, 1280, atMicroseconds: 6_000_001) == nil)
    #expect(tracker.region(inFrameOf: 720, 1280, atMicroseconds: 3_999_999) == nil, "nor does it look into the past")
  }

  @Test func givesUpOnImpossiblePoints() {
    var tracker = following()
    tracker.found(
      AlignmentPoints(hips: standing.hips, top: FramePoint(x: .nan, y: 0)), inFrameOf: 720, 1280, atMicroseconds: 10)
    #expect(!tracker.isFollowing)
  }

  @Test func tremblingIsSteadiedAndMovementFollowed() throws {
    var tracker = following()
    var trembling = standing
    trembling.hips.x += 4
    tracker.found(trembling, inFrameOf: 720, 1280, atMicroseconds: 33_333)
    let steady = try #require(tracker.region(inFrameOf: 720, 1280, atMicroseconds: 66_666))
    #expect(abs(steady.centreX - 360) < 1, "a tremble of 4 pixels hardly moves the region")

    var moved = standing
    for frame in 2...12 {
      moved.hips.x += 60
      moved.top.x += 60
      tracker.found(moved, inFrameOf: 720, 1280, atMicroseconds: Int64(frame) * 33_333)
    }
    let after = try #require(tracker.region(inFrameOf: 720, 1280, atMicroseconds: 433_333))
    #expect(abs(after.centreX - moved.hips.x) < 60, "a run is followed within a frame's way")
  }

  @Test func repeatedTimeIsHarmless() throws {
    var tracker = following(at: 1000)
    var moved = standing
    moved.hips.x += 50
    moved.top.x += 50
    tracker.found(moved, inFrameOf: 720, 1280, atMicroseconds: 1000)
    let region = try #require(tracker.region(inFrameOf: 720, 1280, atMicroseconds: 1000))
    #expect(region == SquareRegion(around: moved), "unfiltered, since no time has passed")
  }
}
