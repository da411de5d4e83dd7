import Glibc
import Messages
import Runtime
import Timing

/// A complete journal of final poses, and what an export says of it.
struct PoseTake {
  /// Where the poses are and how far, how many, their rate, and the first one's instant.
  typealias Source = (path: String, end: Int, poses: Int, ratePerSecond: Double?, start: SessionTime)

  let source: Source

  /// Nil when there is no such journal, or no pose in it.
  init?(_ path: String) throws(SystemError) {
    guard access(path, R_OK) == 0 else { return nil }
    let file = OwnedDescriptor(try systemCall("open", on: path) { open(path, O_RDONLY | O_CLOEXEC) })
    var reader = JournalReader<Pose3D>(descriptor: file.number, path: path)
    var figures = ReconstructionFigures()
    var start: SessionTime?
    while let pose = try reader.next() {
      figures.restore(pose)
      if start == nil { start = pose.time }
    }
    guard let start else { return nil }
    source = (path, reader.offset, figures.poses, figures.gridRatePerSecond, start)
  }
}
