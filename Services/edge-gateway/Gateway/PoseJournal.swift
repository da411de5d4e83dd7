import Glibc
import Messages
import Runtime

/// Every 3D pose of a session in an append-only file: `AXJ1`, then for each pose a length (u32, little-endian) and the
/// bytes of `Pose3D`.
///
/// A pose is one `write`, so a kill leaves at most one torn record at the end; it is cut off when the file is opened
/// again.
final class PoseJournal {
  static let magic: [UInt8] = Array("AXJ1".utf8)
  /// 33 joints and the longest name take 800 bytes.
  static let longestRecord = 4096

  let path: String
  /// Bytes that hold whole records.
  private(set) var end: Int
  private let file: OwnedDescriptor

  /// Opens or makes the file and gives every pose in it to `restore`. Answers with how many bytes were cut off.
  static func open(_ path: String, restore: (Pose3D) -> Void) throws(SystemError) -> (journal: PoseJournal, cut: Int) {
    let file = OwnedDescriptor(
      try systemCall("open", on: path) { Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0o640) })
    var reader = JournalReader(descriptor: file.number, path: path)
    while let pose = try reader.next() { restore(pose) }
    let size = Int(try systemCall("lseek", on: path) { lseek(file.number, 0, SEEK_END) })
    let cut = size - reader.offset
    if cut > 0 { try systemCall("ftruncate", on: path) { ftruncate(file.number, reader.offset) } }
    let journal = PoseJournal(path: path, file: file, end: reader.offset)
    if reader.offset == 0 { try journal.write(Self.magic) }
    return (journal, cut)
  }

  private init(path: String, file: consuming OwnedDescriptor, end: Int) {
    self.path = path
    self.file = file
    self.end = end
  }

  /// Appends a pose. When that fails (a full disk) the file holds what it held before.
  func append(_ pose: Pose3D) throws(SystemError) {
    let bytes = pose.encoded()
    var record = withUnsafeBytes(of: UInt32(bytes.count).littleEndian) { Array($0) }
    record += bytes
    try write(record)
  }

  private func write(_ bytes: [UInt8]) throws(SystemError) {
    let written = try systemCall("write", on: path) {
      bytes.withUnsafeBytes { Glibc.write(file.number, $0.baseAddress, $0.count) }
    }
    guard written == bytes.count else {
      ftruncate(file.number, end)
      throw SystemError(call: "write", errno: ENOSPC, subject: path)
    }
    end += written
  }
}
