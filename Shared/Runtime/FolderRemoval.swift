import Glibc
import Messages

/// Removes the folders of deleted sessions, and knows what it removed although the process was killed meanwhile.
///
/// A folder first leaves its name, in one step, for `.deleted-<deletion>-…`: half of a session never comes back. Then
/// what is in it is counted and the count is kept in `.removed`, before anything is gone. Only then it is removed, by
/// whoever asks or starts next if need be. Several processes may share the root: the largest count is the first one.
///
/// A count is an empty file whose name says it: made in one step, never half, on file systems without links as well, and
/// in the file system's own journal before the removals. It says nothing of the session, and goes after a week.
public struct FolderRemoval: Sendable {
  /// What was removed, or is going to be.
  public struct Tally: Hashable, Sendable {
    public var files = 0
    public var bytes = 0

    public init(files: Int = 0, bytes: Int = 0) {
      self.files = files
      self.bytes = bytes
    }

    static func + (a: Tally, b: Tally) -> Tally { Tally(files: a.files + b.files, bytes: a.bytes + b.bytes) }
    static func += (a: inout Tally, b: Tally) { a = a + b }
  }

  private let root: String
  private let counts: @Sendable (String) -> Bool
  private let unlink: @Sendable (String) -> Int32
  private let utcSeconds: @Sendable () -> Int
  private let complain: @Sendable (SystemError) -> Void

  private static let doomed = ".deleted-"
  private static let ledger = ".removed"
  /// How often `tidy` is worth its while.
  public static let tidyPeriod = Duration.seconds(6 * 3600)
  /// Folders below folders; deeper ones are nobody's that writes here.
  private static let maximumDepth = 8

  /// - Parameters:
  ///   - counts: which files, by their name, a tally counts.
  ///   - unlink: as unlink(2).
  ///   - utcSeconds: the time, in seconds since the Unix epoch.
  ///   - complain: is told of what went wrong and was passed over.
  public init(
    root: String, counting counts: @escaping @Sendable (String) -> Bool = { _ in true },
    unlink: @escaping @Sendable (String) -> Int32 = { Glibc.unlink($0) },
    utcSeconds: @escaping @Sendable () -> Int = { time(nil) },
    complain: @escaping @Sendable (SystemError) -> Void = { _ in }
  ) {
    self.root = root
    self.counts = counts
    self.unlink = unlink
    self.utcSeconds = utcSeconds
    self.complain = complain
  }

  /// Removes the folder `name`, should there be one, and answers what this deletion has removed in all: now, before, and
  /// by other processes with the same root.
  ///
  /// - Throws: `SystemError` while the disk does not let go of something of it.
  public func remove(_ name: String, for deletion: DeletionID) throws(SystemError) -> Tally {
    try setAside(name, for: deletion)
    let prefix = "\(Self.doomed)\(deletion.text)-"
    var unkept = Tally()
    for folder in try names(in: root) where folder.hasPrefix(prefix) { unkept += try finish(folder) }
    return tally(of: deletion) + unkept
  }

  /// Makes room for the counts, finishes what was cut short and nobody asks for any more, and forgets old counts. To be
  /// called at the start and now and then. What the disk holds on to stays for the next time.
  public func tidy() {
    attempt { () throws(SystemError) in
      // Before the disk is full: a deletion that makes room must not need any.
      try makeDirectories("\(root)/\(Self.ledger)")
      for folder in try names(in: root) where folder.hasPrefix(Self.doomed) {
        attempt { () throws(SystemError) in _ = try finish(folder) }
      }
      forgetOld()
    }
  }

  private func attempt(_ body: () throws(SystemError) -> Void) {
    do throws(SystemError) { try body() } catch { complain(error) }
  }

  // MARK: - Steps

  private func setAside(_ name: String, for deletion: DeletionID) throws(SystemError) {
    let path = "\(root)/\(name)"
    guard try exists(path) else { return }
    let counted = countedFolders()
    var number = 0
    var folder: String { "\(Self.doomed)\(deletion.text)-\(getpid())-\(number)" }
    while try exists("\(root)/\(folder)") || counted.contains(folder) { number += 1 }
    guard rename(path, "\(root)/\(folder)") != 0, errno != ENOENT else { return }
    throw SystemError(call: "rename", subject: path)
  }

  /// Answers what was counted and could not be kept.
  private func finish(_ folder: String) throws(SystemError) -> Tally {
    let path = "\(root)/\(folder)"
    var unkept = Tally()
    if Self.isCounted(folder), !countedFolders().contains(folder) {
      let tally = try count(path, depth: Self.maximumDepth)
      do throws(SystemError) {
        try keep(tally, of: folder)
      } catch {
        complain(error)
        unkept = tally
      }
    }
    try removeTree(path, depth: Self.maximumDepth)
    return unkept
  }

  private func count(_ path: String, depth: Int) throws(SystemError) -> Tally {
    var tally = Tally()
    for name in try names(in: path) {
      var facts = stat()
      guard lstat("\(path)/\(name)", &facts) == 0 else { continue }
      if facts.st_mode & S_IFMT == S_IFDIR {
        if depth > 0 { tally += try count("\(path)/\(name)", depth: depth - 1) }
      } else if counts(name) {
        tally += Tally(files: 1, bytes: Int(facts.st_size))
      }
    }
    return tally
  }

  /// Removes what can be removed, then throws what went wrong first.
  private func removeTree(_ path: String, depth: Int) throws(SystemError) {
    var first: SystemError?
    for name in try names(in: path) {
      let inner = "\(path)/\(name)"
      if unlink(inner) == 0 || errno == ENOENT { continue }
      let refusal = SystemError(call: "unlink", subject: inner)
      do throws(SystemError) {
        var facts = stat()
        if lstat(inner, &facts) != 0 {
          // Another process removes the same.
          if errno == ENOENT { continue }
          throw refusal
        }
        guard depth > 0, facts.st_mode & S_IFMT == S_IFDIR else { throw refusal }
        try removeTree(inner, depth: depth - 1)
      } catch {
        first = first ?? error
      }
    }
    if let first { throw first }
    if rmdir(path) != 0, errno != ENOENT { throw SystemError(call: "rmdir", subject: path) }
  }

  private func exists(_ path: String) throws(SystemError) -> Bool {
    var facts = stat()
    if lstat(path, &facts) == 0 { return true }
    guard errno == ENOENT else { throw SystemError(call: "lstat", subject: path) }
    return false
  }

  /// As `folderNames`, but a folder that cannot be read is not taken for an empty one.
  private func names(in path: String) throws(SystemError) -> [String] {
    guard let names = readFolder(path) else {
      if errno == ENOENT { return [] }
      throw SystemError(call: "readdir", subject: path)
    }
    return names
  }

  // MARK: - What is kept

  /// `<deletion>-<pid>-<number>.<files>.<bytes>`
  private func keep(_ tally: Tally, of folder: String) throws(SystemError) {
    try makeDirectories("\(root)/\(Self.ledger)")
    let path = "\(root)/\(Self.ledger)/\(folder.dropFirst(Self.doomed.count)).\(tally.files).\(tally.bytes)"
    close(try systemCall("open", on: path) { open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600) })
  }

  /// What is kept, by the name that the folder had while it was being removed. Nothing where that cannot be read: that
  /// sessions go is worth more than that it is told of after a kill.
  private func kept() -> [(folder: String, tally: Tally, file: String)] {
    var files: [String] = []
    attempt { () throws(SystemError) in files = try names(in: "\(root)/\(Self.ledger)") }
    return files.compactMap { file in
      let parts = file.split(separator: ".")
      guard parts.count == 3, let files = Int(parts[1]), let bytes = Int(parts[2]) else { return nil }
      return (Self.doomed + parts[0], Tally(files: files, bytes: bytes), file)
    }
  }

  private func countedFolders() -> Set<String> { Set(kept().map(\.folder)) }

  private func tally(of deletion: DeletionID) -> Tally {
    var largest: [String: Tally] = [:]
    for (folder, tally, _) in kept() where folder.hasPrefix("\(Self.doomed)\(deletion.text)-") {
      // A process that counted when another had begun to remove found less.
      let known = largest[folder, default: Tally()]
      if (tally.files, tally.bytes) >= (known.files, known.bytes) { largest[folder] = tally }
    }
    return largest.values.reduce(into: Tally()) { $0 += $1 }
  }

  private func forgetOld() {
    let limit = utcSeconds() - Int(DeletionID.memorySeconds)
    for (folder, _, file) in kept() {
      let path = "\(root)/\(Self.ledger)/\(file)"
      var facts = stat()
      guard lstat(path, &facts) == 0, facts.st_mtim.tv_sec < limit else { continue }
      // Counted anew, what is left of a folder would pass for all of it.
      if lstat("\(root)/\(folder)", &facts) != 0, errno == ENOENT { _ = Glibc.unlink(path) }
    }
  }

  /// Folders of before this was kept were named after their session, which a count may not be.
  private static func isCounted(_ folder: String) -> Bool {
    DeletionID(String(folder.dropFirst(doomed.count).prefix { $0 != "-" })) != nil
  }
}

/// The names in a folder, `.` and `..` aside; none where it cannot be read.
public func folderNames(in path: String) -> [String] { readFolder(path) ?? [] }

/// nil, with errno set, where the folder cannot be read to its end.
private func readFolder(_ path: String) -> [String]? {
  guard let folder = opendir(path) else { return nil }
  var names: [String] = []
  while true {
    errno = 0
    guard let entry = readdir(folder) else { break }
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != ".", name != ".." { names.append(name) }
  }
  let failure = errno
  closedir(folder)
  errno = failure
  return failure == 0 ? names : nil
}
