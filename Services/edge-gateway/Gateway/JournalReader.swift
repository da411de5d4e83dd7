import Glibc
import Messages
import Runtime

/// What of a journal could not be read although good records follow it.
struct JournalDamage: Equatable {
  var places = 0
  var bytes = 0
}

/// Reads a journal piece by piece. What is damaged is passed over: reading goes on with the next good record. The descriptor
/// stays its owner's.
struct JournalReader<Record: JournalRecord> {
  /// The end of the last whole record read, or of a good beginning, bytes from the start of the file; 0 before.
  private(set) var offset = 0
  private(set) var damage = JournalDamage()

  private let descriptor: Int32
  let path: String
  private let limit: Int
  private var buffer = [UInt8](repeating: 0, count: max(64 * 1024, Record.longestRecord + 4))
  /// What of the buffer has been read from the file and not been used yet.
  private var filled = 0..<0
  private var fileOffset: Int
  private var state = State.beginning
  /// Where the medium gave nothing back; ahead of `position`, zeros stand for it in the buffer.
  private var unreadable: [Range<Int>] = []
  private var unreadableBlocks = 0
  private let read: ReadFile

  private enum State {
    case beginning
    /// A record starts here, if one does.
    case atRecord
    /// Somewhere in the file.
    case adrift
    case atEnd
  }

  /// What is passed over at once where the medium gives nothing back, bytes.
  private static var blockBytes: Int { 4096 }
  /// Beyond, the disk is taken for dead: each may take it a while.
  private static var maximumUnreadableBlocks: Int { 1024 }

  /// - Parameters:
  ///   - start: from the first record that begins there or later.
  ///   - limit: reads no further than this many bytes of the file.
  init(
    descriptor: Int32, path: String, from start: Int = 0, limit: Int = .max, read: @escaping ReadFile = readFile
  ) {
    self.read = read
    self.descriptor = descriptor
    self.path = path
    self.limit = limit
    fileOffset = start
    if start > 0 { state = .adrift }
  }

  /// The next good record, or nil when there is none any more.
  mutating func next() throws(SystemError) -> Record? {
    if state == .beginning { try readMagic() }
    switch state {
    case .beginning, .atEnd: return nil
    case .atRecord:
      if let record = try record() { return record }
      let start = position
      advance(1)
      guard let record = try search() else { return nil }
      damage.places += 1
      damage.bytes += record.start - start
      return record.record
    case .adrift: return try search()?.record
    }
  }

  private mutating func readMagic() throws(SystemError) {
    state = .atRecord
    let magic = Journal<Record>.magic
    guard try fill(magic.count), buffer[filled.lowerBound...].starts(with: magic) else { return }
    advance(magic.count)
    offset = position
  }

  /// Where in the file `filled` begins.
  private var position: Int { fileOffset - filled.count }

  /// The record that starts here.
  private mutating func record() throws(SystemError) -> Record? {
    guard try fill(4) else { return nil }
    let here = position
    unreadable.removeAll { $0.upperBound <= here }
    let start = filled.lowerBound
    let count = buffer.withUnsafeBytes { bytes in
      Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self)))
    }
    guard count > 0, count <= Record.longestRecord, try fill(4 + count),
      !unreadable.contains(where: { $0.overlaps(here..<here + 4 + count) })
    else { return nil }
    let record = buffer.withUnsafeBytes { bytes in
      let begin = filled.lowerBound + 4
      return try? Record(decoding: UnsafeRawBufferPointer(rebasing: bytes[begin..<begin + count]))
    }
    guard let record, record.isConvincing else { return nil }
    advance(4 + count)
    offset = position
    state = .atRecord
    return record
  }

  /// The first good record from here on, wherever it starts.
  private mutating func search() throws(SystemError) -> (record: Record, start: Int)? {
    let head = 4 + Record.signatureSize
    while try fill(head) {
      let last = filled.upperBound - head
      let found = buffer.withUnsafeBytes { bytes -> Int? in
        var place = filled.lowerBound
        while place <= last {
          if Record.mayBegin(UnsafeRawBufferPointer(rebasing: bytes[place + 4..<place + head])) { return place }
          place += 1
        }
        return nil
      }
      advance((found ?? last + 1) - filled.lowerBound)
      guard found != nil else { continue }
      let start = position
      if let record = try record() { return (record, start) }
      advance(1)
    }
    state = .atEnd
    return nil
  }

  private mutating func advance(_ count: Int) {
    filled = min(filled.lowerBound + count, filled.upperBound)..<filled.upperBound
  }

  /// Makes sure that `count` bytes lie in the buffer from the start of `filled` on. False at the end of the file.
  private mutating func fill(_ count: Int) throws(SystemError) -> Bool {
    guard position + count <= limit else { return false }
    while filled.count < count {
      buffer.withUnsafeMutableBytes { bytes in
        _ = memmove(bytes.baseAddress!, bytes.baseAddress! + filled.lowerBound, filled.count)
      }
      filled = 0..<filled.count
      let got = try readOn()
      filled = 0..<filled.count + got
      fileOffset += got
      if got == 0 { return false }
    }
    return true
  }

  /// Bytes that came into the buffer behind what it holds; 0 at the end of the file.
  private mutating func readOn() throws(SystemError) -> Int {
    let (from, file, held, read) = (fileOffset, descriptor, filled.count, read)
    do throws(SystemError) {
      return try systemCall("pread", on: path) {
        buffer.withUnsafeMutableBytes { read(file, $0.baseAddress! + held, $0.count - held, from) }
      }
    } catch  where error.errno == EIO && unreadableBlocks < Self.maximumUnreadableBlocks {
      let size = Int(try systemCall("lseek", on: path) { lseek(file, 0, SEEK_END) })
      let block = from..<min(max(from, size), (from / Self.blockBytes + 1) * Self.blockBytes)
      let count = min(block.count, buffer.count - held)
      for place in held..<held + count { buffer[place] = 0 }
      unreadable.append(from..<from + count)
      unreadableBlocks += 1
      return count
    }
  }
}

/// pread(2), which tests replace.
typealias ReadFile = (_ descriptor: Int32, _ into: UnsafeMutableRawPointer, _ count: Int, _ offset: Int) -> Int

let readFile: @Sendable (Int32, UnsafeMutableRawPointer, Int, Int) -> Int = { pread($0, $1, $2, $3) }
