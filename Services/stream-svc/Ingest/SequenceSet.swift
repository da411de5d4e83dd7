/// A set of sequence numbers kept as ordered, disjoint, non-touching ranges: a recording without gaps is one range.
public struct SequenceSet: Equatable, Sendable {
  public private(set) var ranges: [ClosedRange<UInt32>] = []
  /// How many numbers the set holds.
  public private(set) var count = 0

  public init() {}

  public var highest: UInt32? { ranges.last?.upperBound }

  public func contains(_ sequence: UInt32) -> Bool {
    let index = firstRange(endingAtOrAfter: sequence)
    return index < ranges.count && ranges[index].lowerBound <= sequence
  }

  /// Whether the number could be added without making another range.
  public func touches(_ sequence: UInt32) -> Bool {
    let before = sequence == 0 ? 0 : sequence - 1
    let index = firstRange(endingAtOrAfter: before)
    guard index < ranges.count else { return false }
    return ranges[index].lowerBound <= (sequence == .max ? .max : sequence + 1)
  }

  @discardableResult
  public mutating func insert(_ sequence: UInt32) -> Bool {
    let before = count
    formUnion(sequence...sequence)
    return count > before
  }

  /// Adds every number of `added`, joining the ranges that it overlaps or touches.
  public mutating func formUnion(_ added: ClosedRange<UInt32>) {
    let lowerNeighbour = added.lowerBound == 0 ? 0 : added.lowerBound - 1
    let upperNeighbour = added.upperBound == .max ? .max : added.upperBound + 1
    let first = firstRange(endingAtOrAfter: lowerNeighbour)
    var end = first
    var joined = added
    var replaced = 0
    while end < ranges.count, ranges[end].lowerBound <= upperNeighbour {
      joined = min(joined.lowerBound, ranges[end].lowerBound)...max(joined.upperBound, ranges[end].upperBound)
      replaced += Self.size(ranges[end])
      end += 1
    }
    ranges.replaceSubrange(first..<end, with: CollectionOfOne(joined))
    count += Self.size(joined) - replaced
  }

  public mutating func remove(_ sequence: UInt32) {
    let index = firstRange(endingAtOrAfter: sequence)
    guard index < ranges.count, ranges[index].lowerBound <= sequence else { return }
    let range = ranges[index]
    var kept: [ClosedRange<UInt32>] = []
    if range.lowerBound < sequence { kept.append(range.lowerBound...(sequence - 1)) }
    if sequence < range.upperBound { kept.append((sequence + 1)...range.upperBound) }
    ranges.replaceSubrange(index...index, with: kept)
    count -= 1
  }

  /// The last number of the range that holds `sequence`, or nil when the set does not hold it.
  public func end(ofRangeHolding sequence: UInt32) -> UInt32? {
    let index = firstRange(endingAtOrAfter: sequence)
    guard index < ranges.count, ranges[index].lowerBound <= sequence else { return nil }
    return ranges[index].upperBound
  }

  /// Binary search: frames nearly always belong to the last range, but a hostile phone can make many.
  private func firstRange(endingAtOrAfter sequence: UInt32) -> Int {
    if let last = ranges.last, last.upperBound < sequence { return ranges.count }
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < sequence { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private static func size(_ range: ClosedRange<UInt32>) -> Int { Int(range.upperBound - range.lowerBound) + 1 }
}
