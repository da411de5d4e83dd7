import Glibc

/// A strict walk over the markers of a JPEG file, without decoding it (ITU-T T.81, annex B).
///
/// Accepts what browsers' encoders write: one baseline, extended or progressive 8-bit image of 1 or 3 components that
/// begins with the first byte and ends with the last. Appended bytes (another file in disguise) are refused.
public struct JPEGStructure: Equatable, Sendable {
  public let width: UInt16
  public let height: UInt16
  public let components: UInt8

  public enum Refusal: Error, Equatable, Sendable {
    case notJPEG
    case truncated
    case trailingBytes
    case badSegment
    /// Arithmetic coding, lossless, 12 bits, CMYK: nothing a phone's browser makes.
    case unsupported
    /// Two images, a scan before the frame header, no tables.
    case outOfOrder
    case tooMuchMetadata
  }

  /// Comments and application segments together.
  public static let maximumMetadata = 256 * 1024

  public init(checking bytes: UnsafeRawBufferPointer) throws(Refusal) {
    var walk = Walk(bytes: bytes)
    self = try walk.run()
  }
}

/// The state of one walk.
private struct Walk {
  let bytes: UnsafeRawBufferPointer
  var offset = 2
  var frame: JPEGStructure?
  var hasQuantization = false
  var hasHuffman = false
  var scans = 0
  var metadata = 0

  init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  mutating func run() throws(JPEGStructure.Refusal) -> JPEGStructure {
    guard bytes.count >= 4, bytes[0] == 0xFF, bytes[1] == 0xD8 else { throw .notJPEG }
    while true {
      let marker = try nextMarker()
      switch marker {
      case 0xD9:
        guard let frame, scans > 0 else { throw .outOfOrder }
        guard offset == bytes.count else { throw .trailingBytes }
        return frame
      case 0xC0, 0xC1, 0xC2: try frameHeader(try segment())
      case 0xC4:
        _ = try segment()
        hasHuffman = true
      case 0xDB:
        _ = try segment()
        hasQuantization = true
      case 0xDA:
        try scanHeader(try segment())
        try skipEntropyCodedData()
      case 0xDD: guard try segment().count == 2 else { throw .badSegment }
      case 0xE0...0xEF, 0xFE:
        metadata += try segment().count
        guard metadata <= JPEGStructure.maximumMetadata else { throw .tooMuchMetadata }
      case 0xC3, 0xC5...0xC7, 0xC8...0xCF: throw .unsupported
      default: throw .badSegment
      }
    }
  }

  /// Fill bytes (0xFF) before a marker are allowed by B.1.1.2.
  private mutating func nextMarker() throws(JPEGStructure.Refusal) -> UInt8 {
    guard offset + 2 <= bytes.count else { throw .truncated }
    guard bytes[offset] == 0xFF else { throw .badSegment }
    while offset + 1 < bytes.count, bytes[offset + 1] == 0xFF { offset += 1 }
    guard offset + 2 <= bytes.count else { throw .truncated }
    defer { offset += 2 }
    return bytes[offset + 1]
  }

  private mutating func segment() throws(JPEGStructure.Refusal) -> UnsafeRawBufferPointer {
    guard offset + 2 <= bytes.count else { throw .truncated }
    let length = Int(bytes[offset]) << 8 | Int(bytes[offset + 1])
    guard length >= 2 else { throw .badSegment }
    guard offset + length <= bytes.count else { throw .truncated }
    defer { offset += length }
    return UnsafeRawBufferPointer(rebasing: bytes[(offset + 2)..<(offset + length)])
  }

  private mutating func frameHeader(_ body: UnsafeRawBufferPointer) throws(JPEGStructure.Refusal) {
    guard frame == nil else { throw .outOfOrder }
    guard body.count >= 6 else { throw .badSegment }
    let components = body[5]
    guard body[0] == 8, components == 1 || components == 3 else { throw .unsupported }
    guard body.count == 6 + 3 * Int(components) else { throw .badSegment }
    let height = UInt16(body[1]) << 8 | UInt16(body[2])
    let width = UInt16(body[3]) << 8 | UInt16(body[4])
    guard width > 0, height > 0 else { throw .unsupported }
    frame = JPEGStructure(width: width, height: height, components: components)
  }

  private mutating func scanHeader(_ body: UnsafeRawBufferPointer) throws(JPEGStructure.Refusal) {
    guard let frame, hasQuantization, hasHuffman else { throw .outOfOrder }
    guard let count = body.first, (1...frame.components).contains(count) else { throw .badSegment }
    guard body.count == 4 + 2 * Int(count) else { throw .badSegment }
    scans += 1
  }

  /// Stops before the first 0xFF that is neither stuffed (0x00) nor a restart marker.
  private mutating func skipEntropyCodedData() throws(JPEGStructure.Refusal) {
    let base = bytes.baseAddress!
    while true {
      guard let hit = memchr(base + offset, 0xFF, bytes.count - offset) else { throw .truncated }
      offset = UnsafeRawPointer(hit) - base
      guard offset + 1 < bytes.count else { throw .truncated }
      switch bytes[offset + 1] {
      case 0x00, 0xD0...0xD7: offset += 2
      case 0xFF: offset += 1
      default: return
      }
    }
  }
}

extension JPEGStructure {
  fileprivate init(width: UInt16, height: UInt16, components: UInt8) {
    self.width = width
    self.height = height
    self.components = components
  }
}
