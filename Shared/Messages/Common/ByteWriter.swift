/// Writes the little-endian layouts that `ByteReader` reads.
public struct ByteWriter {
  public private(set) var bytes: [UInt8] = []

  public init(reservingCapacity capacity: Int = 64) { bytes.reserveCapacity(capacity) }

  public mutating func integer<I: FixedWidthInteger>(_ value: I) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  public mutating func float(_ value: Float) { integer(value.bitPattern) }

  public mutating func magic(_ text: StaticString) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// One length byte and UTF-8; longer than 255 bytes is a programmer's mistake.
  public mutating func shortString(_ text: String) {
    precondition(text.utf8.count <= 255, "identifiers are at most 64 bytes")
    bytes.append(UInt8(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  /// The length, u32, and UTF-8: for text from outside, whose length nobody has looked at.
  public mutating func longString(_ text: String) {
    integer(UInt32(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  public mutating func append(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }
}
