/// What is remembered of a camera's person from one frame to the next: a pure value, one per camera, which any worker
/// may carry on with.
///
/// A person is searched for with the detector, then followed: the landmarks of a frame say where to look in the next.
/// Whoever is lost is searched for again in the next frame, as in MediaPipe. Unlike there, a picture that changes its
/// size (a turned phone) and a gap in time also start a new search, since the old place says nothing then.
public struct PoseTracker: Equatable, Sendable {
  /// A person may move a body's length in this time.
  public static let longestGapMicroseconds: Int64 = 1_000_000

  private var following: Following?

  private struct Following: Equatable, Sendable {
    var region: SquareRegion
    var filter: AlignmentFilter
    var width: Int
    var height: Int
    var lastMicroseconds: Int64
  }

  /// Follows nobody yet.
  public init() {}

  /// Whether a person is being followed.
  public var isFollowing: Bool { following != nil }

  /// Where to look for the person in a frame; nil means that the detector has to search.
  public func region(inFrameOf width: Int, _ height: Int, atMicroseconds time: Int64) -> SquareRegion? {
    guard let following, following.width == width, following.height == height,
      abs(time - following.lastMicroseconds) <= Self.longestGapMicroseconds
    else { return nil }
    return following.region
  }

  /// A person was found; the alignment points of the landmark model say where to look next.
  public mutating func found(
    _ alignment: AlignmentPoints, inFrameOf width: Int, _ height: Int, atMicroseconds time: Int64
  ) {
    var filter = AlignmentFilter()
    if region(inFrameOf: width, height, atMicroseconds: time) != nil, let following { filter = following.filter }
    let region = SquareRegion(around: filter.apply(alignment, atMicroseconds: time))
    guard region.isUsable else {
      following = nil
      return
    }
    following = Following(
      region: region, filter: filter, width: width, height: height,
      lastMicroseconds: max(time, following?.lastMicroseconds ?? time))
  }

  /// Nobody was found.
  public mutating func lost() { following = nil }
}
