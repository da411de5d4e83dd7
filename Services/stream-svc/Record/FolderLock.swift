import Glibc

/// Holds a device's folder for one instance, as long as it lives.
final class FolderLock {
  private let file: LocalFile

  /// Nil when another instance holds it.
  init?(folder: String) throws(DiskFailure) {
    file = try LocalFile(opening: folder + "/lock", flags: O_RDWR | O_CREAT)
    guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else { return nil }
  }

  /// Lets go in so many words: closing alone would not, while a process that was forked in between has yet to become
  /// another program.
  deinit { flock(file.descriptor, LOCK_UN) }
}
