import Glibc
import Synchronization

/// Owns one file descriptor.
final class LocalFile: RecordingFileHandle {
  let descriptor: Int32
  let path: String
  /// Held while bytes are written, so that what is written again after a failed sync never undoes a newer write.
  private let unsynced = Mutex(UnsyncedRanges())
  private let fdatasync: @Sendable (Int32) -> Int32
  private let pread: PRead

  /// pread(2), which a test may replace.
  typealias PRead = @Sendable (Int32, UnsafeMutableRawPointer?, Int, Int) -> Int

  private static let rewrittenAtOnce: Int64 = 1 << 20

  init(
    creating path: String, fdatasync: @escaping @Sendable (Int32) -> Int32 = Glibc.fdatasync
  ) throws(DiskFailure) {
    self.path = path
    self.fdatasync = fdatasync
    pread = { Glibc.pread($0, $1, $2, $3) }
    descriptor = try checkDisk("create") { open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o640) }
  }

  init(
    opening path: String, flags: Int32 = O_RDWR, pread: @escaping PRead = { Glibc.pread($0, $1, $2, $3) }
  ) throws(DiskFailure) {
    self.path = path
    self.pread = pread
    fdatasync = Glibc.fdatasync
    descriptor = try checkDisk("open") { open(path, flags | O_CLOEXEC, 0o640) }
  }

  deinit { close(descriptor) }

  func write(_ parts: [UnsafeRawBufferPointer], at offset: Int64) throws(DiskFailure) {
    let end = parts.reduce(offset) { $0 + Int64($1.count) }
    try unsynced.withLock { ranges throws(DiskFailure) in
      // Before: a write that fails half-way leaves bytes, too.
      ranges.add(offset..<end)
      try put(parts, at: offset)
    }
  }

  private func put(_ parts: [UnsafeRawBufferPointer], at offset: Int64) throws(DiskFailure) {
    var vectors = parts.map { iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count) }
    var position = offset
    while true {
      vectors.removeAll { $0.iov_len == 0 }
      if vectors.isEmpty { return }
      var written = try checkDisk("write") { pwritev(descriptor, vectors, Int32(vectors.count), Int(position)) }
      guard written > 0 else { throw DiskFailure(operation: "write", errno: EIO) }
      position += Int64(written)
      for index in vectors.indices where written > 0 {
        let step = min(written, vectors[index].iov_len)
        vectors[index].iov_base += step
        vectors[index].iov_len -= step
        written -= step
      }
    }
  }

  func truncate(to size: Int64) throws(DiskFailure) {
    try unsynced.withLock { ranges throws(DiskFailure) in
      try checkDisk("truncate") { ftruncate(descriptor, Int(size)) }
      ranges.cut(to: size)
    }
  }

  // MARK: - On the medium

  /// Whether bytes are waited for whose last sync failed.
  var isDoubtful: Bool { unsynced.withLock { $0.isDoubtful } }

  /// The whole file may not be on the medium: another process wrote it.
  func distrustAll() throws(DiskFailure) {
    let size = try size()
    unsynced.withLock { $0.add(0..<size) }
  }

  /// After a failed fdatasync, Linux takes the pages for written: the next one would succeed and mean nothing. So what a
  /// failed sync was to bring to the medium is first written again from the cache, where it is until it is evicted.
  func synchronize() throws(DiskFailure) {
    let taken = unsynced.withLock { $0.take() }
    do throws(DiskFailure) {
      if taken.isDoubtful { for range in taken.ranges { try writeAgain(range) } }
      try checkDisk("fdatasync") { fdatasync(descriptor) }
    } catch {
      unsynced.withLock { $0.putBack(taken) }
      throw error
    }
  }

  private func writeAgain(_ range: Range<Int64>) throws(DiskFailure) {
    var offset = range.lowerBound
    while offset < range.upperBound {
      let count = min(Self.rewrittenAtOnce, range.upperBound - offset)
      let (from, piece) = (offset, Int(count))
      let rewritten = try unsynced.withLock { _ throws(DiskFailure) -> Int in
        let bytes = try read(piece, at: from)
        let failure = bytes.withUnsafeBytes { buffer -> DiskFailure? in
          do throws(DiskFailure) {
            try put([buffer], at: from)
            return nil
          } catch {
            return error
          }
        }
        if let failure { throw failure }
        return bytes.count
      }
      // It was cut meanwhile.
      if rewritten == 0 { return }
      offset += Int64(rewritten)
    }
  }

  // MARK: - Reading

  func size() throws(DiskFailure) -> Int64 {
    var facts = stat()
    try checkDisk("fstat") { fstat(descriptor, &facts) }
    return Int64(facts.st_size)
  }

  /// Up to `count` bytes from `offset`; fewer at the end of the file.
  func read(_ count: Int, at offset: Int64) throws(DiskFailure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let got = try checkDisk("read") {
        bytes.withUnsafeMutableBytes {
          pread(descriptor, $0.baseAddress! + filled, count - filled, Int(offset) + filled)
        }
      }
      if got == 0 { break }
      filled += got
    }
    bytes.removeLast(count - filled)
    return bytes
  }
}

/// A folder, whose sync brings the names in it to the medium. Opened when that is wanted: a session's deletion may have
/// taken it away before.
final class LocalFolder: Synchronizable {
  let path: String

  init(_ path: String) { self.path = path }

  /// The folder and those above it.
  static func chain(_ path: String, levels: Int) -> [LocalFolder] {
    var (folders, path) = ([LocalFolder](), path[...])
    for _ in 0..<levels {
      folders.append(LocalFolder(String(path)))
      guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { break }
      path = path[..<slash]
    }
    return folders
  }

  func synchronize() throws(DiskFailure) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor < 0, errno == ENOENT { return }
    guard descriptor >= 0 else { throw DiskFailure(operation: "open", errno: errno) }
    defer { close(descriptor) }
    try checkDisk("fsync") { fsync(descriptor) }
  }
}
