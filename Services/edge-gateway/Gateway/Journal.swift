import Glibc
import Messages
import Runtime

/// What a journal can be of.
protocol JournalRecord {
  /// The first four bytes of the file.
  static var journalMagic: StaticString { get }
  static var longestRecord: Int { get }
  /// How many of its first bytes `mayBegin` looks at; no record is shorter.
  static var signatureSize: Int { get }
  /// Whether a record may begin with these bytes: how the next good one is found after a damaged one.
  static func mayBegin(_ bytes: UnsafeRawBufferPointer) -> Bool
  /// Whether bytes that happen to lie somewhere cannot be taken for this.
  var isConvincing: Bool { get }
  init(decoding bytes: UnsafeRawBufferPointer) throws(DecodingFailure)
  func encoded() -> [UInt8]
}

extension Log {
  /// Says what of a journal was passed over, if anything was.
  func journalDamage(_ damage: JournalDamage, _ path: String, _ session: SessionID) {
    guard damage.places > 0 else { return }
    error(
      "journal_damage_passed_over", (.session, session.text), (.path, path), (.count, damage.places),
      (.bytes, damage.bytes))
  }
}

/// Every 3D pose of a session.
typealias PoseJournal = Journal<Pose3D>

extension Pose3D: JournalRecord {
  static var journalMagic: StaticString { "AXJ1" }
  /// 33 joints and the longest name take 800 bytes.
  static var longestRecord: Int { 4096 }
  static var signatureSize: Int { 4 }
  static func mayBegin(_ bytes: UnsafeRawBufferPointer) -> Bool { bytes.elementsEqual("AXP1".utf8) }
  /// Its decoder believes no other length, and no number that is none.
  var isConvincing: Bool { true }
}

/// Records in an append-only file: four bytes that say of what, then for each a length (u32, little-endian) and its bytes.
///
/// A record is one `write`, so a kill leaves at most one torn one at the end; what follows the last good record is cut off when
/// the file is opened again. Damage before it is passed over by every reader, and stays in the file.
final class Journal<Record: JournalRecord> {
  static var magic: [UInt8] { Record.journalMagic.withUTF8Buffer { Array($0) } }

  let path: String
  /// Bytes that hold whole records.
  private(set) var end: Int
  /// What was passed over when it was opened; of a file that was only `resume`d, in its last part.
  let damage: JournalDamage
  private let file: OwnedDescriptor

  /// Opens or makes the file and gives every record in it to `restore`. Answers with how many bytes were cut off.
  static func open(_ path: String, restore: (Record) -> Void) throws(SystemError) -> (journal: Journal, cut: Int) {
    let file = try openFile(path)
    var reader = JournalReader<Record>(descriptor: file.number, path: path)
    while let record = try reader.next() { restore(record) }
    return try take(file, upTo: reader)
  }

  /// Opens or makes the file to go on writing, and reads only as much of its end as that takes, however long it is.
  static func resume(_ path: String) throws(SystemError) -> (journal: Journal, cut: Int, last: Record?) {
    let file = try openFile(path)
    let size = try Self.size(file, path)
    var window = firstWindow
    while true {
      var reader = JournalReader<Record>(descriptor: file.number, path: path, from: max(0, size - window))
      var last: Record?
      while let record = try reader.next() { last = record }
      if last != nil || window >= size {
        let (journal, cut) = try take(file, upTo: reader)
        return (journal, cut, last)
      }
      window *= 4
    }
  }

  private static var firstWindow: Int { 64 * 1024 }

  private static func openFile(_ path: String) throws(SystemError) -> OwnedDescriptor {
    OwnedDescriptor(
      try systemCall("open", on: path) { Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0o640) })
  }

  private static func size(_ file: borrowing OwnedDescriptor, _ path: String) throws(SystemError) -> Int {
    let number = file.number
    return Int(try systemCall("lseek", on: path) { lseek(number, 0, SEEK_END) })
  }

  private static func take(
    _ file: consuming OwnedDescriptor, upTo reader: JournalReader<Record>
  ) throws(SystemError) -> (journal: Journal, cut: Int) {
    let (path, number, end) = (reader.path, file.number, reader.offset)
    let cut = try size(file, path) - end
    if cut > 0 { try systemCall("ftruncate", on: path) { ftruncate(number, end) } }
    let journal = Journal(path: path, file: file, end: end, damage: reader.damage)
    if end == 0 { try journal.write(Self.magic) }
    return (journal, cut)
  }

  private init(path: String, file: consuming OwnedDescriptor, end: Int, damage: JournalDamage) {
    self.path = path
    self.file = file
    self.end = end
    self.damage = damage
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
