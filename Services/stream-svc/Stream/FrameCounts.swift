import Timing

/// What became of one camera's frames, for people and for `/metrics`.
struct FrameCounts: Equatable, Sendable {
  var received = 0
  var recorded = 0
  var duplicate = 0
  var refused = 0
  /// Handed to pose estimation since this process began; each is then estimated, shed or failed.
  var posesSubmitted = 0
  var posesEstimated = 0
  var posesShed = 0
  var posesFailed = 0
  var bytesRecorded = 0

  var posesWaiting: Int { posesSubmitted - posesEstimated - posesShed - posesFailed }
}

/// Frames a second over the last two seconds, from counts of half seconds.
struct RateMeter: Equatable, Sendable {
  private var halves = [0, 0, 0, 0]
  private var current = 0

  mutating func count() { current += 1 }

  /// Called every half second.
  mutating func tick() {
    halves.removeFirst()
    halves.append(current)
    current = 0
  }

  var perSecond: Double { Double(halves.reduce(0, +)) / 2 }
}
