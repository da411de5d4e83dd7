import Glibc
import Messages
import Runtime

/// Reads what an earlier process left of a session's poses, in steps, so that the loop stays free: an hour's journals have
/// two hundred thousand of them.
final class PoseRestoration {
  /// Poses read between two turns of the loop: less than a millisecond, and some in a debug build.
  static let posesPerStep = 100

  /// Of the live poses, up to where their journal ended when this began.
  private(set) var figures = ReconstructionFigures()
  private(set) var damage: [(JournalDamage, path: String)] = []
  /// The poses with final times, if there are such.
  private(set) var finalTake: PoseTake?

  private var source: PoseSource?
  private let finalJournal: String
  private let read: ReadFile
  private var finalFigures: ReconstructionFigures?

  /// - Parameter end: how much of the journal of live poses is an earlier process's.
  init(_ folder: SessionFolder, end: Int, read: @escaping ReadFile = readFile) throws(SystemError) {
    self.read = read
    finalJournal = folder.finalJournal
    source = try PoseSource(folder.journal, limit: end, read)
  }

  /// Goes on by one step. True when all is read.
  func step() throws(SystemError) -> Bool {
    for _ in 0..<Self.posesPerStep {
      guard let pose = try source?.reader.next() else { return try finishSource() }
      if finalFigures == nil { figures.restore(pose) } else { finalFigures?.restore(pose) }
    }
    return false
  }

  /// After a failure of `step`: leaves out the rest of the journal that failed. True when all is read.
  func passOver() -> Bool {
    do throws(SystemError) {
      if finalFigures == nil { return try finishSource() }
    } catch {
      // There are no final poses, then; the live ones stand.
    }
    source = nil
    return true
  }

  private func finishSource() throws(SystemError) -> Bool {
    if let source { damage.append((source.reader.damage, source.reader.path)) }
    if let finalFigures {
      finalTake = PoseTake(finalJournal, end: source?.reader.offset ?? 0, figures: finalFigures)
      source = nil
      return true
    }
    finalFigures = ReconstructionFigures()
    source = nil
    if access(finalJournal, R_OK) == 0 { source = try PoseSource(finalJournal, read) }
    return source == nil
  }
}

/// An open journal of poses that is being read.
private final class PoseSource {
  var reader: JournalReader<Pose3D>
  private let file: OwnedDescriptor

  init(_ path: String, limit: Int = .max, _ read: @escaping ReadFile) throws(SystemError) {
    file = OwnedDescriptor(try systemCall("open", on: path) { open(path, O_RDONLY | O_CLOEXEC) })
    reader = JournalReader(descriptor: file.number, path: path, limit: limit, read: read)
  }
}
