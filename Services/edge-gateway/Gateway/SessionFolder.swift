import Glibc
import Messages
import Runtime

/// Where one session's reconstruction lies: `<state>/reconstructions/<session>/`.
struct SessionFolder {
  let path: String

  init(root: String, session: SessionID) { path = "\(root)/\(session.text)" }

  static func root(stateDirectory: String) -> String { "\(stateDirectory)/reconstructions" }

  var calibration: String { "\(path)/calibration.json" }
  var journal: String { "\(path)/poses.journal" }
  /// What the poses were made of.
  var observations: String { "\(path)/observations.journal" }
  /// The poses once more, with the times that are known afterwards.
  var finalJournal: String { "\(path)/poses-final.journal" }
  var newFinalJournal: String { "\(path)/.writing-poses-final.journal" }
  var exports: String { "\(path)/exports" }

  /// Whether observations came since the final poses were made, if they were. A power failure may have taken them.
  var awaitsFinalPoses: Bool {
    var (observed, made) = (stat(), stat())
    guard stat(observations, &observed) == 0 else { return false }
    guard stat(finalJournal, &made) == 0, Self.begins(finalJournal, with: PoseJournal.magic) else { return true }
    let (a, b) = (observed.st_mtim, made.st_mtim)
    return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec)
  }

  private static func begins(_ path: String, with magic: [UInt8]) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: magic.count)
    return pread(descriptor, &bytes, bytes.count, 0) == bytes.count && bytes == magic
  }

  var exists: Bool { access(path, F_OK) == 0 }

  func create() throws(SystemError) { try makeDirectories(exports) }

  /// Removes everything. Answers the number of files that this deletion removed in all.
  ///
  /// - Parameter unlink: as unlink(2).
  /// - Throws: `ServiceError.reconstructionStays` while the disk does not let go of it.
  static func delete(
    _ session: SessionID, root: String, for deletion: DeletionID, log: Log? = nil,
    unlink: @escaping @Sendable (String) -> Int32 = { Glibc.unlink($0) }
  ) throws(ServiceError) -> Int {
    do {
      return try removal(root: root, log: log, unlink: unlink).remove(session.text, for: deletion).files
    } catch {
      complain(error, log)
      throw .reconstructionStays
    }
  }

  static func removal(
    root: String, log: Log?, unlink: @escaping @Sendable (String) -> Int32 = { Glibc.unlink($0) }
  ) -> FolderRemoval {
    FolderRemoval(root: root, unlink: unlink, complain: { complain($0, log) })
  }

  private static func complain(_ error: SystemError, _ log: Log?) {
    log?.error("poses_not_removed", (.error, error.description))
  }
}

extension ServiceError {
  static let reconstructionStays = ServiceError(
    code: "poses_not_removed",
    message: "Poses could not be removed from the disk. Look at the disk; it is tried again until they are gone.",
    status: 503)
}
