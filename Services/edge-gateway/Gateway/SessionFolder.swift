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
  /// by `removeLeftovers` and never half of a session comes back. Answers the number of files.
  func delete(root: String) throws(SystemError) -> Int {
    guard exists else { return 0 }
    let doomed = "\(root)/.deleted-\(getpid())-\(path.split(separator: "/").last ?? "")"
    // Of an earlier deletion that was cut short.
    _ = Self.removeTree(doomed)
    try systemCall("rename", on: path) { rename(path, doomed) }
    return Self.removeTree(doomed)
  }

  static func removeLeftovers(root: String) {
    for name in names(in: root) where name.hasPrefix(".deleted-") { _ = removeTree("\(root)/\(name)") }
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

  /// Two levels are all there is. Answers the number of files removed.
  private static func removeTree(_ path: String) -> Int {
    var files = 0
    for name in names(in: path) {
      let inner = "\(path)/\(name)"
      if unlink(inner) == 0 {
        files += 1
      } else {
        files += removeTree(inner)
      }
    }
    rmdir(path)
    return files
  }
}
