/// Finds the pictures in a Matroska file that this service wrote, to make good an index that was damaged. Reads heads of
/// elements only.
struct MatroskaReader {
  /// One picture: every cluster holds one.
  struct Cluster: Equatable {
    let end: Int64
    let timestampMilliseconds: UInt32
    let payloadBytes: UInt32
  }

  private struct Element {
    let id: UInt32
    let start: Int64
    /// Nil: it says that it ends with the file.
    let end: Int64?
  }

  private enum ID {
    static let head: UInt32 = 0x1A45_DFA3
    static let segment: UInt32 = 0x1853_8067
    static let cluster: UInt32 = 0x1F43_B675
    static let timestamp: UInt32 = 0xE7
    static let simpleBlock: UInt32 = 0xA3
    static let blockGroup: UInt32 = 0xA0
    static let block: UInt32 = 0xA1
  }

  private static let longestHead = 12
  private static let maximumElements = 64
  /// Track number, time and flags before a block's payload.
  private static let blockHead: Int64 = 4

  private let file: LocalFile
  let size: Int64

  init(_ file: LocalFile) throws(DiskFailure) {
    self.file = file
    size = try file.size()
  }

  /// Where the first picture begins; nil when there is none.
  func firstCluster() throws(DiskFailure) -> Int64? {
    guard let head = try element(at: 0), head.id == ID.head, let end = head.end,
      let segment = try element(at: end), segment.id == ID.segment
    else { return nil }
    var offset = segment.start
    for _ in 0..<Self.maximumElements {
      guard let element = try element(at: offset) else { return nil }
      if element.id == ID.cluster { return offset }
      guard let end = element.end else { return nil }
      offset = end
    }
    return nil
  }

  /// The picture that begins there; nil when none does, or it is not whole.
  func cluster(at offset: Int64) throws(DiskFailure) -> Cluster? {
    guard let cluster = try element(at: offset), cluster.id == ID.cluster, let end = cluster.end, end <= size else {
      return nil
    }
    var (timestamp, payload) = (UInt32?.none, UInt32?.none)
    var place = cluster.start
    for _ in 0..<Self.maximumElements where place < end {
      guard let child = try element(at: place), let childEnd = child.end, childEnd <= end else { return nil }
      switch child.id {
      case ID.timestamp:
        let bytes = try file.read(Int(min(8, childEnd - child.start)), at: child.start)
        timestamp = UInt32(clamping: bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
      case ID.simpleBlock, ID.block: payload = UInt32(clamping: childEnd - child.start - Self.blockHead)
      case ID.blockGroup:
        place = child.start
        continue
      default: break
      }
      place = childEnd
    }
    guard let timestamp, let payload else { return nil }
    return Cluster(end: end, timestampMilliseconds: timestamp, payloadBytes: payload)
  }

  /// Whole pictures one after the other from there, at most so many.
  func clusters(from offset: Int64, atMost limit: Int) throws(DiskFailure) -> [Cluster] {
    var found: [Cluster] = []
    while found.count < limit, let next = try cluster(at: found.last?.end ?? offset) { found.append(next) }
    return found
  }

  private func element(at offset: Int64) throws(DiskFailure) -> Element? {
    guard offset < size else { return nil }
    let bytes = try file.read(Self.longestHead, at: offset)
    let idLength = (bytes.first?.leadingZeroBitCount ?? 8) + 1
    guard idLength <= 4, bytes.count > idLength else { return nil }
    let id = bytes[..<idLength].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let sizeLength = bytes[idLength].leadingZeroBitCount + 1
    guard sizeLength <= 8, bytes.count >= idLength + sizeLength else { return nil }
    let raw = bytes[idLength..<(idLength + sizeLength)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let mask = (UInt64(1) << (7 * UInt64(sizeLength))) - 1
    let start = offset + Int64(idLength + sizeLength)
    let (size, isUnknown) = (raw & mask, raw & mask == mask)
    let (end, overflows) = start.addingReportingOverflow(Int64(clamping: size))
    guard !overflows else { return nil }
    return Element(id: id, start: start, end: isUnknown ? nil : end)
  }
}
