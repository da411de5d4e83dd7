import Glibc
import Messages
import Runtime

/// What a journal can be of.
protocol JournalRecord {
  /// The first four bytes of the file.
  static var journalMagic: StaticString { get }
  static var longestRecord: Int { get }
  init(decoding bytes: UnsafeRawBufferPointer) throws(DecodingFailure)
  func encoded() -> [UInt8]
}

/// Every 3D pose of a session.
typealias PoseJournal = Journal<Pose3D>

extension Pose3D: JournalRecord {
  static var journalMagic: StaticString { "AXJ1" }
  /// 33 joints and the longest name take 800 bytes.
  static var longestRecord: Int { 4096 }
}

/// Records in an append-only file: four bytes that say of what, then for each a length (u32, little-endian) and its bytes.
///
/// A record is one `write`, so a kill leaves at most one torn one at the end; it is cut off when the file is opened again.
final class Journal<Record: JournalRecord> {
  static var magic: [UInt8] { Record.journalMagic.withUTF8Buffer { Array($0) } }

  let path: String
  /// Bytes that hold whole records.
  private(set) var end: Int
  private let file: OwnedDescriptor

  /// Opens or makes the file and gives every record in it to `restore`. Answers with how many bytes were cut off.
  static func open(_ path: String, restore: (Record) -> Void) throws(SystemError) -> (journal: Journal, cut: Int) {
    let file = OwnedDescriptor(
      try systemCall("open", on: path) { Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0o640) })
    var reader = JournalReader<Record>(descriptor: file.number, path: path)
    while let record = try reader.next() { restore(record) }
    let size = Int(try systemCall("lseek", on: path) { lseek(file.number, 0, SEEK_END) })
    let cut = size - reader.offset
    if cut > 0 { try systemCall("ftruncate", on: path) { ftruncate(file.number, reader.offset) } }
    let journal = Journal(path: path, file: file, end: reader.offset)
    if reader.offset == 0 { try journal.write(Self.magic) }
    return (journal, cut)
  }

  private init(path: String, file: consuming OwnedDescriptor, end: Int) {
    self.path = path
    self.file = file
    self.end = end
  }

  /// Appends a record. When that fails (a full disk) the file holds what it held before.
  func append(_ appended: Record) throws(SystemError) {
    let bytes = appended.encoded()
    var record = withUnsafeBytes(of: UInt32(bytes.count).littleEndian) { Array($0) }
    record += bytes
    try write(record)
  }

  func removeAll() throws(SystemError) {
    let count = Self.magic.count
    try systemCall("ftruncate", on: path) { ftruncate(file.number, count) }
    end = count
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
