import Glibc
import Messages
import Runtime

/// Reads a journal from the start, piece by piece. The descriptor stays its owner's.
struct JournalReader<Record: JournalRecord> {
  /// The end of the last whole record read, bytes from the start; 0 before a good beginning.
  private(set) var offset = 0

  private let descriptor: Int32
  let path: String
  private let limit: Int
  private var buffer = [UInt8](repeating: 0, count: max(64 * 1024, Record.longestRecord + 4))
  /// What of the buffer has been read from the file and not been used yet.
  private var filled = 0..<0
  private var fileOffset = 0

  /// - Parameter limit: reads no further than this many bytes of the file.
  init(descriptor: Int32, path: String, limit: Int = .max) {
    self.descriptor = descriptor
    self.path = path
    self.limit = limit
  }

  /// The next record, or nil at the end of what is whole.
  mutating func next() throws(SystemError) -> Record? {
    if offset == 0 {
      guard try fill(Journal<Record>.magic.count),
        buffer[filled.lowerBound...].starts(with: Journal<Record>.magic)
      else { return nil }
      advance(Journal<Record>.magic.count)
    }
    guard try fill(4) else { return nil }
    let start = filled.lowerBound
    let count = buffer.withUnsafeBytes { bytes in
      Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self)))
    }
    guard count > 0, count <= Record.longestRecord, try fill(4 + count) else { return nil }
    let record = buffer.withUnsafeBytes { bytes in
      let begin = filled.lowerBound + 4
      return try? Record(decoding: UnsafeRawBufferPointer(rebasing: bytes[begin..<begin + count]))
    }
    guard let record else { return nil }
    advance(4 + count)
    return record
  }

  private mutating func advance(_ count: Int) {
    filled = filled.lowerBound + count..<filled.upperBound
    offset += count
  }

  /// Makes sure that `count` bytes lie in the buffer from the start of `filled` on. False at the end of the file.
  private mutating func fill(_ count: Int) throws(SystemError) -> Bool {
    guard offset + count <= limit else { return false }
    while filled.count < count {
      let (held, from, file) = (filled, fileOffset, descriptor)
      let read = try systemCall("pread", on: path) {
        buffer.withUnsafeMutableBytes { bytes in
          memmove(bytes.baseAddress!, bytes.baseAddress! + held.lowerBound, held.count)
          return pread(file, bytes.baseAddress! + held.count, bytes.count - held.count, from)
        }
      }
      filled = 0..<held.count + read
      fileOffset += read
      if read == 0 { return false }
    }
    return true
  }
}
