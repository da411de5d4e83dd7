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

  /// Removes everything. First the folder leaves its name, in one step, so that a deletion that is cut short is finished
  /// later, here or by `removeLeftovers`, and never half of a session comes back. Answers the number of files.
  ///
  /// - Parameter unlink: as unlink(2).
  /// - Throws: `ServiceError.reconstructionStays` while the disk does not let go of it.
  func delete(root: String, unlink: (String) -> Int32 = { Glibc.unlink($0) }) throws -> Int {
    let ending = "-\(path.split(separator: "/").last ?? "")"
    if exists {
      // Of an earlier deletion there may be something left that the disk holds on to.
      var number = 0
      var doomed: String { "\(root)/\(Self.doomed)\(getpid()).\(number)\(ending)" }
      while access(doomed, F_OK) == 0 { number += 1 }
      try systemCall("rename", on: path) { rename(path, doomed) }
    }
    var (files, isGone) = (0, true)
    for name in Self.names(in: root) where name.hasPrefix(Self.doomed) {
      guard name.dropFirst(Self.doomed.count).drop(while: { $0.isNumber || $0 == "." }) == ending else { continue }
      let removed = Self.removeTree("\(root)/\(name)", unlink)
      files += removed.files
      isGone = isGone && removed.isGone
    }
    guard isGone else { throw ServiceError.reconstructionStays }
    return files
  }

  private static let doomed = ".deleted-"

  static func removeLeftovers(root: String) {
    for name in names(in: root) where name.hasPrefix(doomed) { _ = removeTree("\(root)/\(name)", { unlink($0) }) }
  }

  static func names(in path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// Two levels are all there is. Answers the number of files removed, and whether nothing is left.
  private static func removeTree(_ path: String, _ unlink: (String) -> Int32) -> (files: Int, isGone: Bool) {
    var files = 0
    for name in names(in: path) {
      let inner = "\(path)/\(name)"
      if unlink(inner) == 0 {
        files += 1
      } else {
        files += removeTree(inner, unlink).files
      }
    }
    return (files, rmdir(path) == 0 || errno == ENOENT)
  }
}

extension ServiceError {
  static let reconstructionStays = ServiceError(
    code: "poses_not_removed",
    message: "Poses could not be removed from the disk. Look at the disk; it is tried again until they are gone.",
    status: 503)
}
