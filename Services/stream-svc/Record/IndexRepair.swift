import Messages
import Timing

/// Makes good what of an index was damaged, from its other records and from the Matroska file.
struct IndexRepair {
  /// What the index is to hold: a record for each picture up to the last one that is known.
  private(set) var entries: [IndexRecord] = []
  /// How many of them were made anew.
  private(set) var rebuilt = 0
  /// Pictures whose records are lost and whose numbers are not clear, from now on.
  private(set) var unknown = 0
  /// Records behind the last good one.
  private(set) var lost = 0
  let header: IndexHeader
  let isHeaderRebuilt: Bool
  private var isShorter = false

  var isDamaged: Bool { isHeaderRebuilt || rebuilt > 0 || unknown > 0 || lost > 0 || isShorter }
  /// Of the frames that are known.
  var records: [IndexRecord] { entries.filter { !$0.isUnknown } }

  /// Half a millisecond either way: that much of a time the Matroska file does not say, µs.
  private static let timeDoubt: UInt32 = 500
  private static let longestLatency: UInt32 = 1_000_000

  /// Nil when neither header nor any record says anything.
  ///
  /// - Parameter bytes: of the whole index file.
  init?(_ bytes: [UInt8], movie: MatroskaReader, place: SegmentPlace) throws(DiskFailure) {
    let slots = Self.slots(bytes, movieBytes: UInt64(movie.size))
    let stored = Self.storedHeader(bytes)
    isHeaderRebuilt = stored == nil
    if let stored {
      header = stored
    } else {
      guard let rebuilt = try Self.header(bytes, slots, movie, place) else { return nil }
      header = rebuilt
    }
    guard let last = slots.lastIndex(where: { $0?.isUnknown == false }) else {
      lost = slots.count
      return
    }
    var next = 0
    while next <= last {
      if let record = slots[next] {
        entries.append(record)
        next += 1
        continue
      }
      let following = slots[next...].firstIndex { $0 != nil }!
      try fill(following - next, before: slots[following]!, movie)
      next = following
    }
    lost = slots.count - 1 - last
  }

  static func storedHeader(_ bytes: [UInt8]) -> IndexHeader? {
    bytes.withUnsafeBytes { all in
      guard all.count >= IndexHeader.size else { return nil }
      return try? IndexHeader(decoding: UnsafeRawBufferPointer(rebasing: all[..<IndexHeader.size]))
    }
  }

  /// The records that are good by themselves, wherever they stand.
  static func goodRecords(_ bytes: [UInt8], movieBytes: Int64) -> [IndexRecord] {
    slots(bytes, movieBytes: UInt64(movieBytes)).compactMap { $0 }.filter { !$0.isUnknown }
  }

  /// The records in their places; nil where one is not whole, or contradicts those before it.
  private static func slots(_ bytes: [UInt8], movieBytes: UInt64) -> [IndexRecord?] {
    guard bytes.count > IndexHeader.size else { return [] }
    var (end, sequence) = (UInt64(0), UInt32(0))
    return bytes.withUnsafeBytes { all in
      stride(from: IndexHeader.size, through: bytes.count - IndexRecord.size, by: IndexRecord.size).map { offset in
        let slice = UnsafeRawBufferPointer(rebasing: all[offset..<(offset + IndexRecord.size)])
        guard let record = try? IndexRecord(decoding: slice), record.endOffset > end, record.endOffset <= movieBytes,
          record.isUnknown || record.sequence > sequence
        else { return nil }
        end = record.endOffset
        sequence = max(sequence, record.sequence)
        return record
      }
    }
  }

  /// Makes `count` records before one that is whole: anew, if the Matroska file has just as many pictures there and their
  /// numbers are clear; else such that keep their places.
  private mutating func fill(_ count: Int, before following: IndexRecord, _ movie: MatroskaReader) throws(DiskFailure) {
    let start = entries.last.map { Int64($0.endOffset) } ?? Int64(header.firstClusterOffset)
    let clusters = try movie.clusters(from: start, atMost: count + 1)
    let missing = clusters.prefix { $0.end < Int64(following.endOffset) }
    let isComplete = missing.count == count && clusters.last?.end == Int64(following.endOffset)
    if isComplete, let made = rebuild(missing, before: following) {
      entries += made
      rebuilt += count
      return
    }
    entries += missing.map {
      IndexRecord(
        ofUnknownWith: $0.payloadBytes, endOffset: UInt64($0.end), timestampMilliseconds: $0.timestampMilliseconds)
    }
    unknown += missing.count
    isShorter = isShorter || missing.count != count
  }

  /// Nil when not only these numbers fit.
  private func rebuild(
    _ clusters: ArraySlice<MatroskaReader.Cluster>, before following: IndexRecord
  ) -> [IndexRecord]? {
    let before = entries.last ?? following
    let sequence = entries.last?.sequence ?? 0
    guard !following.isUnknown, !before.isUnknown, Int(following.sequence) - Int(sequence) == clusters.count + 1 else {
      return nil
    }
    return clusters.enumerated().map { index, cluster in
      let time = header.anchor.sessionTime + Int64(cluster.timestampMilliseconds) * 1000 + Int64(Self.timeDoubt)
      return IndexRecord(
        sequence: sequence + UInt32(index) + 1, width: following.width, height: following.height,
        deviceTime: following.deviceTime + (time - following.reading.time),
        reading: ClockReading(time: time, errorBoundMicroseconds: Self.bound(before.reading, following.reading)),
        payloadBytes: cluster.payloadBytes, endOffset: UInt64(cluster.end),
        timestampMilliseconds: cluster.timestampMilliseconds)
    }
  }

  private static func bound(_ a: ClockReading, _ b: ClockReading) -> UInt32 {
    let (sum, overflows) = max(a.errorBoundMicroseconds, b.errorBoundMicroseconds)
      .addingReportingOverflow(2 * timeDoubt)
    return overflows ? .max : sum
  }

  /// What the records, the Matroska file and the place say of it, and where they are silent the damaged bytes: a boot that is
  /// wrong only leaves the times as they are.
  private static func header(
    _ bytes: [UInt8], _ slots: [IndexRecord?], _ movie: MatroskaReader, _ place: SegmentPlace
  ) throws(DiskFailure) -> IndexHeader? {
    guard let first = slots.lazy.compactMap({ $0 }).first(where: { !$0.isUnknown }),
      let cluster = try movie.firstCluster()
    else { return nil }
    let start = first.reading.time + -Int64(first.timestampMilliseconds) * 1000
    func integer(_ offset: Int) -> UInt64 {
      bytes[offset..<(offset + 8)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
    let latency = UInt32(truncatingIfNeeded: integer(48))
    return IndexHeader(
      kind: SegmentKind(rawValue: bytes[4]) ?? .live, instance: place.instance,
      anchor: UTCAnchor(sessionTime: start, utcMicroseconds: place.anchor.utcMicroseconds(at: start)),
      boot: BootID(high: integer(24), low: integer(32)), firstClusterOffset: UInt64(cluster),
      cameraLatencyMicroseconds: latency <= longestLatency ? latency : 0)
  }
}
