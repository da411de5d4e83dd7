import Glibc

/// Where recordings are written: the edge that tests replace by a slow or a full disk.
public protocol RecordingDisk: Sendable {
  /// Makes a file that must not exist yet, for writing.
  func create(_ path: String) throws(DiskFailure) -> any RecordingFileHandle
  /// Bytes that an unprivileged process may still write under `folder`.
  func freeBytes(in folder: String) throws(DiskFailure) -> UInt64
}

/// What can be brought to the medium.
public protocol Synchronizable: AnyObject, Sendable {
  /// For the log.
  var path: String { get }
  /// Waits until all that was written before is on the medium. After a failure nothing of it counts as being there, and the
  /// next call writes it again.
  func synchronize() throws(DiskFailure)
}

/// An open file of a recording.
public protocol RecordingFileHandle: Synchronizable {
  /// Writes all parts, one after the other, from `offset` on.
  func write(_ parts: [UnsafeRawBufferPointer], at offset: Int64) throws(DiskFailure)
  func truncate(to size: Int64) throws(DiskFailure)
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
