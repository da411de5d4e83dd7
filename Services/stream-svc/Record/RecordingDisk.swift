import Glibc

/// Where recordings are written: the edge that tests replace by a slow or a full disk.
public protocol RecordingDisk: Sendable {
  /// Makes a file that must not exist yet, for writing.
  func create(_ path: String) throws(DiskFailure) -> any RecordingFileHandle
  /// Bytes that an unprivileged process may still write under `folder`.
  func freeBytes(in folder: String) throws(DiskFailure) -> UInt64
}

/// An open file of a recording.
public protocol RecordingFileHandle: AnyObject, Sendable {
  /// Writes all parts, one after the other, from `offset` on.
  func write(_ parts: [UnsafeRawBufferPointer], at offset: Int64) throws(DiskFailure)
  func truncate(to size: Int64) throws(DiskFailure)
  /// Waits until the data is on the medium.
  func synchronize() throws(DiskFailure)
}

extension RecordingFileHandle {
  func write(_ bytes: [UInt8], at offset: Int64) throws(DiskFailure) {
    // `Array.withUnsafeBytes` has no typed throws.
    let failure = bytes.withUnsafeBytes { buffer -> DiskFailure? in
      do throws(DiskFailure) {
        try write([buffer], at: offset)
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }
}

/// A file operation that failed.
public struct DiskFailure: Error, Equatable, Sendable, CustomStringConvertible {
  public let operation: String
  public let errno: Int32

  public init(operation: String, errno: Int32) {
    self.operation = operation
    self.errno = errno
  }

  /// Less room than the operator wants kept free.
  public static let belowReserve = DiskFailure(operation: "reserve", errno: ENOSPC)

  public var isFull: Bool { errno == ENOSPC || errno == EDQUOT }

  /// Stable code for phones and coaches (PROTOCOL.md).
  public var code: String { isFull ? "disk_full" : "recording_failed" }

  /// What a person should know.
  public var advice: String {
    isFull
      ? "The server's disk is full. Recording continues by itself when there is room; keep this page open."
      : "The server could not write the recording. Its log says why; keep this page open."
  }

  public var description: String { "\(operation): \(String(cString: strerror(errno)))" }
}

/// The machine's own file system.
public struct LocalDisk: RecordingDisk {
  public init() {}

  public func create(_ path: String) throws(DiskFailure) -> any RecordingFileHandle {
    try LocalFile(creating: path)
  }

  public func freeBytes(in folder: String) throws(DiskFailure) -> UInt64 {
    var facts = statvfs()
    try checkDisk("statvfs") { statvfs(folder, &facts) }
    return UInt64(facts.f_bavail) * UInt64(facts.f_frsize)
  }
}

/// Owns one file descriptor.
final class LocalFile: RecordingFileHandle {
  let descriptor: Int32

  init(creating path: String) throws(DiskFailure) {
    descriptor = try checkDisk("create") { open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o640) }
  }

  init(opening path: String, flags: Int32 = O_RDWR) throws(DiskFailure) {
    descriptor = try checkDisk("open") { open(path, flags | O_CLOEXEC, 0o640) }
  }

  deinit { close(descriptor) }

  func write(_ parts: [UnsafeRawBufferPointer], at offset: Int64) throws(DiskFailure) {
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

  func truncate(to size: Int64) throws(DiskFailure) { try checkDisk("truncate") { ftruncate(descriptor, Int(size)) } }
  func synchronize() throws(DiskFailure) { try checkDisk("fdatasync") { fdatasync(descriptor) } }

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

/// The one place that turns a -1 into a `DiskFailure`; `EINTR` is tried again.
@discardableResult
func checkDisk<Result: SignedInteger>(
  _ operation: String, _ body: () -> Result
) throws(DiskFailure) -> Result {
  while true {
    let result = body()
    if result != -1 { return result }
    let code = errno
    if code != EINTR { throw DiskFailure(operation: operation, errno: code) }
  }
}
