import Messages
import Timing

/// Makes good what of an index was damaged, from its other records and from the Matroska file.
struct IndexRepair {
  /// From the first on, one for each picture.
  private(set) var records: [IndexRecord] = []
  /// How many of them were made anew.
  private(set) var rebuilt = 0
  /// Records that were whole, or have whole ones behind them, and that could not be kept in their place.
  private(set) var lost = 0
  let header: IndexHeader
  let isHeaderRebuilt: Bool

  /// Half a millisecond either way: that much of a time the Matroska file does not say, µs.
  private static let timeDoubt: UInt32 = 500
  private static let longestLatency: UInt32 = 1_000_000

  /// Nil when neither header nor any record says anything.
  ///
  /// - Parameter bytes: of the whole index file.
  init?(_ bytes: [UInt8], movie: MatroskaReader, place: SegmentPlace) throws(DiskFailure) {
    let slots = Self.slots(bytes, movieBytes: UInt64(movie.size))
    let stored = bytes.withUnsafeBytes { all -> IndexHeader? in
      guard all.count >= IndexHeader.size else { return nil }
      return try? IndexHeader(decoding: UnsafeRawBufferPointer(rebasing: all[..<IndexHeader.size]))
    }
    isHeaderRebuilt = stored == nil
    if let stored {
      header = stored
    } else {
      guard let rebuilt = try Self.header(bytes, slots, movie, place) else { return nil }
      header = rebuilt
    }
    guard let last = slots.lastIndex(where: { $0 != nil }) else {
      lost = slots.count
      return
    }
    var next = 0
    while next <= last {
      if let record = slots[next] {
        records.append(record)
        next += 1
        continue
      }
      let following = slots[next...].firstIndex { $0 != nil }!
      guard let missing = try rebuild(following - next, before: slots[following]!, movie) else {
        lost = slots.count - next
        return
      }
      records += missing
      rebuilt += missing.count
      next = following
    }
    lost = slots.count - 1 - last
  }

  /// The records in their places; nil where one is not whole, or contradicts those before it.
  private static func slots(_ bytes: [UInt8], movieBytes: UInt64) -> [IndexRecord?] {
    guard bytes.count > IndexHeader.size else { return [] }
    var (end, sequence) = (UInt64(0), UInt32(0))
    return bytes.withUnsafeBytes { all in
      stride(from: IndexHeader.size, through: bytes.count - IndexRecord.size, by: IndexRecord.size).map { offset in
        let slice = UnsafeRawBufferPointer(rebasing: all[offset..<(offset + IndexRecord.size)])
        guard let record = try? IndexRecord(decoding: slice), record.endOffset > end, record.endOffset <= movieBytes,
          record.sequence > sequence
        else { return nil }
        (end, sequence) = (record.endOffset, record.sequence)
        return record
      }
    }
  }

  /// `count` records before one that is whole. Nil when the Matroska file has not just as many pictures there, or their
  /// numbers are not clear.
  private func rebuild(
    _ count: Int, before following: IndexRecord, _ movie: MatroskaReader
  ) throws(DiskFailure) -> [IndexRecord]? {
    let start = records.last.map { Int64($0.endOffset) } ?? Int64(header.firstClusterOffset)
    let sequence = records.last?.sequence ?? 0
    guard Int(following.sequence) - Int(sequence) == count + 1 else { return nil }
    let clusters = try movie.clusters(from: start, atMost: count + 1)
    guard clusters.count == count + 1, clusters[count].end == Int64(following.endOffset) else { return nil }
    let before = records.last ?? following
    return clusters.dropLast().enumerated().map { index, cluster in
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
    guard let first = slots.lazy.compactMap({ $0 }).first, let cluster = try movie.firstCluster() else { return nil }
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
