import Messages
import Timing

/// A complete journal of poses, and what an export says of it.
struct PoseTake {
  let path: String
  /// How many bytes of the file hold whole records.
  let end: Int
  let poses: Int
  /// Poses per second; nil when there are too few to tell.
  let ratePerSecond: Double?
  /// The first pose's instant.
  let start: SessionTime

  init(path: String, end: Int, poses: Int, ratePerSecond: Double?, start: SessionTime) {
    self.path = path
    self.end = end
    self.poses = poses
    self.ratePerSecond = ratePerSecond
    self.start = start
  }

  /// Of poses that all lie on one grid. Nil when there is none.
  init?(_ path: String, end: Int, figures: ReconstructionFigures) {
    guard let start = figures.firstTime else { return nil }
    self.init(path: path, end: end, poses: figures.poses, ratePerSecond: figures.gridRatePerSecond, start: start)
  }
}
