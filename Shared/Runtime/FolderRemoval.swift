import Glibc
import Messages

/// Removes the folders of deleted sessions, and knows what it removed although the process was killed meanwhile.
///
/// A folder first leaves its name, in one step, for `.deleted-<deletion>-…`: half of a session never comes back. Then
/// what is in it is counted and the count is kept in `.removed`, before anything is gone. Only then it is removed, by
/// whoever asks or starts next if need be. Several processes may share the root: the first count stands.
///
/// A count is the target of a symbolic link: made in one step, never half, and in the file system's own journal before
/// the removals. It says nothing of the session, and goes after a week.
public struct FolderRemoval: Sendable {
  /// What was removed, or is going to be.
  public struct Tally: Hashable, Sendable {
    public var files = 0
    public var bytes = 0

    public init(files: Int = 0, bytes: Int = 0) {
      self.files = files
      self.bytes = bytes
    }
  }

  private let root: String
  private let counts: @Sendable (String) -> Bool
  private let unlink: @Sendable (String) -> Int32
  private let utcSeconds: @Sendable () -> Int

  private static let doomed = ".deleted-"
  private static let ledger = ".removed"
  /// How long the counts of a deletion are kept, seconds: session-svc asks again within a minute of being there.
  static let memory = 7 * 86_400
  /// Folders below folders; deeper ones are nobody's that writes here.
  private static let maximumDepth = 8

  /// - Parameters:
  ///   - counts: which files, by their name, a tally counts.
  ///   - unlink: as unlink(2).
  ///   - utcSeconds: the time, in seconds since the Unix epoch.
  public init(
    root: String, counting counts: @escaping @Sendable (String) -> Bool = { _ in true },
    unlink: @escaping @Sendable (String) -> Int32 = { Glibc.unlink($0) },
    utcSeconds: @escaping @Sendable () -> Int = { time(nil) }
  ) {
    self.root = root
    self.counts = counts
    self.unlink = unlink
    self.utcSeconds = utcSeconds
  }

  /// Removes the folder `name`, should there be one, and answers what this deletion has removed in all: now, before, and
  /// by other processes with the same root.
  ///
  /// - Throws: `SystemError` while the disk does not let go of something of it.
  public func remove(_ name: String, for deletion: DeletionID) throws(SystemError) -> Tally {
    try setAside(name, for: deletion)
    let prefix = "\(Self.doomed)\(deletion.text)-"
    for folder in folderNames(in: root) where folder.hasPrefix(prefix) { try finish(folder) }
    forgetOld()
    return tally(of: deletion)
  }

  /// Finishes what was cut short and nobody asks for any more. What the disk holds on to stays for the next time.
  public func finishAll() {
    for folder in folderNames(in: root) where folder.hasPrefix(Self.doomed) { try? finish(folder) }
    forgetOld()
  }

  // MARK: - Steps

  private func setAside(_ name: String, for deletion: DeletionID) throws(SystemError) {
    try makeDirectories("\(root)/\(Self.ledger)")
    let path = "\(root)/\(name)"
    var facts = stat()
    guard lstat(path, &facts) == 0 else { return }
    var number = 0
    var folder: String { "\(Self.doomed)\(deletion.text)-\(getpid())-\(number)" }
    while lstat("\(root)/\(folder)", &facts) == 0 || lstat(link(of: folder), &facts) == 0 { number += 1 }
    guard rename(path, "\(root)/\(folder)") != 0, errno != ENOENT else { return }
    throw SystemError(call: "rename", subject: path)
  }

  private func finish(_ folder: String) throws(SystemError) {
    let path = "\(root)/\(folder)"
    var facts = stat()
    if Self.isCounted(folder), lstat(link(of: folder), &facts) != 0 {
      let tally = count(path, depth: Self.maximumDepth)
      try makeDirectories("\(root)/\(Self.ledger)")
      // Another process may have counted meanwhile, and have begun to remove: its count is the whole one.
      if symlink("\(tally.files) \(tally.bytes)", link(of: folder)) != 0, errno != EEXIST {
        throw SystemError(call: "symlink", subject: link(of: folder))
      }
    }
    guard removeTree(path, depth: Self.maximumDepth) else { throw SystemError(call: "unlink", subject: path) }
  }

  private func count(_ path: String, depth: Int) -> Tally {
    var tally = Tally()
    for name in folderNames(in: path) {
      var facts = stat()
      guard lstat("\(path)/\(name)", &facts) == 0 else { continue }
      if facts.st_mode & S_IFMT == S_IFDIR {
        guard depth > 0 else { continue }
        let inner = count("\(path)/\(name)", depth: depth - 1)
        tally.files += inner.files
        tally.bytes += inner.bytes
      } else if counts(name) {
        tally.files += 1
        tally.bytes += Int(facts.st_size)
      }
    }
    return tally
  }

  /// Whether nothing is left of it.
  private func removeTree(_ path: String, depth: Int) -> Bool {
    var isGone = true
    for name in folderNames(in: path) {
      let inner = "\(path)/\(name)"
      if unlink(inner) == 0 || errno == ENOENT { continue }
      let isInnerGone = depth > 0 && removeTree(inner, depth: depth - 1)
      isGone = isGone && isInnerGone
    }
    return (rmdir(path) == 0 || errno == ENOENT) && isGone
  }

  // MARK: - What is kept

  private func link(of folder: String) -> String {
    "\(root)/\(Self.ledger)/\(folder.dropFirst(Self.doomed.count))"
  }

  private func tally(of deletion: DeletionID) -> Tally {
    var sum = Tally()
    for name in folderNames(in: "\(root)/\(Self.ledger)") where name.hasPrefix("\(deletion.text)-") {
      let numbers = target(of: "\(root)/\(Self.ledger)/\(name)").split(separator: " ").compactMap { Int($0) }
      guard numbers.count == 2 else { continue }
      sum.files += numbers[0]
      sum.bytes += numbers[1]
    }
    return sum
  }

  private func target(of path: String) -> String {
    var buffer = [UInt8](repeating: 0, count: 64)
    let count = buffer.withUnsafeMutableBytes {
      readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
  }

  private func forgetOld() {
    let limit = utcSeconds() - Self.memory
    for name in folderNames(in: "\(root)/\(Self.ledger)") {
      let path = "\(root)/\(Self.ledger)/\(name)"
      var facts = stat()
      if lstat(path, &facts) == 0, facts.st_mtim.tv_sec < limit { _ = Glibc.unlink(path) }
    }
  }

  /// Folders of before this was kept were named after their session, which a count may not be.
  private static func isCounted(_ folder: String) -> Bool {
    DeletionID(String(folder.dropFirst(doomed.count).prefix { $0 != "-" })) != nil
  }
}

/// The names in a folder, `.` and `..` aside; none where it cannot be read.
public func folderNames(in path: String) -> [String] {
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
