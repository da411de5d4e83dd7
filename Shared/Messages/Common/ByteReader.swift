/// Reads little-endian fields from bytes, in order, and refuses both short and left-over input.
public struct ByteReader {
  private let bytes: UnsafeRawBufferPointer
  private var offset = 0

  public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  public var remaining: Int { bytes.count - offset }

  public mutating func integer<I: FixedWidthInteger>(_: I.Type = I.self) throws(DecodingFailure) -> I {
    let size = MemoryLayout<I>.size
    try require(size)
    defer { offset += size }
    return I(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: I.self))
  }

  public mutating func float() throws(DecodingFailure) -> Float {
    Float(bitPattern: try integer(UInt32.self))
  }

  /// A float that must be a number: NaN and infinity are refused by the field's name.
  public mutating func finiteFloat(_ field: String) throws(DecodingFailure) -> Float {
    let value = try float()
    guard value.isFinite else { throw .invalid(field: field) }
    return value
  }

  public mutating func magic(_ expected: StaticString) throws(DecodingFailure) {
    let size = expected.utf8CodeUnitCount
    try require(size)
    let matches = (0..<size).allSatisfy { bytes[offset + $0] == expected.utf8Start[$0] }
    guard matches else { throw .wrongMagic }
    offset += size
  }

  /// A string written as one length byte and UTF-8.
  public mutating func shortString(_ field: String) throws(DecodingFailure) -> String {
    try text(of: Int(try integer(UInt8.self)), field)
  }

  /// A string written as its length, u32, and UTF-8.
  public mutating func longString(_ field: String) throws(DecodingFailure) -> String {
    try text(of: Int(try integer(UInt32.self)), field)
  }

  /// The next `count` bytes, borrowed.
  public mutating func bytes(_ count: Int) throws(DecodingFailure) -> UnsafeRawBufferPointer {
    try require(count)
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
  }

  public mutating func rest() -> UnsafeRawBufferPointer {
    defer { offset = bytes.count }
    return UnsafeRawBufferPointer(rebasing: bytes[offset...])
  }

  public func finish() throws(DecodingFailure) {
    guard remaining == 0 else { throw .trailingBytes(remaining) }
  }

  private mutating func text(of count: Int, _ field: String) throws(DecodingFailure) -> String {
    guard let text = String(strictUTF8: try bytes(count)) else { throw .invalid(field: field) }
    return text
  }

  private func require(_ count: Int) throws(DecodingFailure) {
    guard remaining >= count else { throw .truncated(needed: offset + count, have: bytes.count) }
  }
}
