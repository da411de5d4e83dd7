import Messages
import Timing

/// Makes and reads the corrected times (`0001.times`) of one device's folder. Whoever calls it holds the folder.
struct TimesCorrection {
  let folder: String
  let boot: BootID

  /// Reads all frames' times once more with every exchange that there was, and keeps them beside the index.
  func make(from samples: [ClockSample]) throws(DiskFailure) {
    guard !samples.isEmpty else { return }
    let history = ClockHistory(samples)
    for (number, segment) in segments() {
      try CorrectedTimes(of: segment, history: history, boot: boot)?.write(to: path(number))
    }
  }

  /// Makes what a killed process had no time for. Segments of another boot stay as they are.
  func makeMissing() throws(DiskFailure) {
    let lacking = segments().contains { number, segment in
      segment.header.boot == boot && stored(number)?.records.count != segment.records.count
    }
    guard lacking else { return }
    try make(from: try ClockLog(path: "\(folder)/clock.bin", boot: boot).all())
  }

  /// What is there, in the order of the segments.
  var times: [FinalDeviceTimes.Time] {
    segmentNumbers(in: folder).flatMap { number in
      (stored(number)?.records ?? []).map { FinalDeviceTimes.Time(sequence: $0.sequence, reading: $0.reading) }
    }
  }

  /// One that cannot be read keeps nobody from the others.
  private func segments() -> [(Int, StoredSegment)] {
    segmentNumbers(in: folder).compactMap { number in
      (try? SegmentRecovery(number: number, folder: folder).read()).map { (number, $0) }
    }
  }

  private func stored(_ number: Int) -> CorrectedTimes? {
    guard let file = try? LocalFile(opening: path(number), flags: 0), let size = try? file.size(),
      let bytes = try? file.read(Int(size), at: 0)
    else { return nil }
    return try? bytes.withUnsafeBytes { try CorrectedTimes(decoding: $0) }
  }

  private func path(_ number: Int) -> String { "\(folder)/\(SegmentPlace.name(number)).times" }
}
