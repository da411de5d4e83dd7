import Glibc

@testable import StreamService

/// A disk that refuses to write one file.
final class RefusingDisk: RecordingDisk {
  /// The file's name; nil: all may be written.
  let refused = Monitor(String?.none)

  func create(_ path: String) throws(DiskFailure) -> any RecordingFileHandle {
    RefusingFile(disk: self, file: try LocalFile(creating: path))
  }
  func freeBytes(in folder: String) throws(DiskFailure) -> UInt64 { 1 << 40 }
}

private final class RefusingFile: RecordingFileHandle {
  private let disk: RefusingDisk
  private let file: LocalFile
  var path: String { file.path }

  init(disk: RefusingDisk, file: LocalFile) {
    self.disk = disk
    self.file = file
  }

  func write(_ parts: [UnsafeRawBufferPointer], at offset: Int64) throws(DiskFailure) {
    if let refused = disk.refused.withLock({ $0 }), path.hasSuffix(refused) {
      throw DiskFailure(operation: "write", errno: EIO)
    }
    try file.write(parts, at: offset)
  }
  func truncate(to size: Int64) throws(DiskFailure) { try file.truncate(to: size) }
  func synchronize() throws(DiskFailure) { try file.synchronize() }
}
