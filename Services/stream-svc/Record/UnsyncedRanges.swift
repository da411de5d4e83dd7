/// Which bytes of a file may not be on the medium yet: a pure value.
struct UnsyncedRanges: Equatable, Sendable {
  /// Beyond, neighbours are joined: more is written again after a failure, never less.
  static let maximum = 64

  /// In the order of the file, disjoint.
  private(set) var ranges: [Range<Int64>] = []
  /// A sync of them failed: the kernel may have dropped them from its list of what is to be written, and the next sync
  /// would succeed without them.
  private(set) var isDoubtful = false

  mutating func add(_ added: Range<Int64>) {
    guard !added.isEmpty else { return }
    // Nearly every write goes on where the last one ended.
    if let last = ranges.last, last.upperBound == added.lowerBound {
      ranges[ranges.count - 1] = last.lowerBound..<added.upperBound
      return
    }
    let first = ranges.firstIndex { $0.upperBound >= added.lowerBound } ?? ranges.count
    let end = ranges[first...].firstIndex { $0.lowerBound > added.upperBound } ?? ranges.count
    let joined = ranges[first..<end].reduce(added) {
      min($0.lowerBound, $1.lowerBound)..<max($0.upperBound, $1.upperBound)
    }
    ranges.replaceSubrange(first..<end, with: CollectionOfOne(joined))
    if ranges.count > Self.maximum { joinClosest() }
  }

  /// The file ends there now.
  mutating func cut(to size: Int64) {
    ranges = ranges.filter { $0.lowerBound < size }.map { $0.clamped(to: 0..<size) }
  }

  /// What a sync that begins now is to bring to the medium.
  mutating func take() -> UnsyncedRanges {
    defer { self = UnsyncedRanges() }
    return self
  }

  /// That sync failed.
  mutating func putBack(_ taken: UnsyncedRanges) {
    for range in taken.ranges { add(range) }
    isDoubtful = true
  }

  private mutating func joinClosest() {
    let closest = ranges.indices.dropFirst().min { gap(before: $0) < gap(before: $1) }!
    ranges[closest - 1] = ranges[closest - 1].lowerBound..<ranges[closest].upperBound
    ranges.remove(at: closest)
  }

  private func gap(before index: Int) -> Int64 { ranges[index].lowerBound - ranges[index - 1].upperBound }
}
