import Glibc
import Messages
import Timing

/// Makes and reads the corrected times (`0001.times`) of one device's folder. Whoever calls it holds the folder.
struct TimesCorrection {
  let folder: String
  let boot: BootID

  /// Reads all frames' times once more with every exchange that there was, and keeps them beside the index. A segment whose
  /// times cannot be written keeps nobody from the others; the first failure is thrown at the end.
  func make(from samples: [ClockSample]) throws(DiskFailure) {
    guard !samples.isEmpty else { return }
    let history = ClockHistory(samples)
    var failure: DiskFailure?
    for segment in segments() {
      do throws(DiskFailure) {
        try CorrectedTimes(of: segment, history: history, boot: boot)?.write(to: path(segment.number))
      } catch {
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
  }

  /// Makes what a killed process had no time for. Segments of another boot stay as they are.
  func makeMissing() throws(DiskFailure) {
    let lacking = segments().contains { segment in
      segment.header.boot == boot && stored(segment.number)?.records.count != segment.records.count
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

  /// By ascending number. One that cannot be read keeps nobody from the others.
  func segments() -> [StoredSegment] {
    segmentNumbers(in: folder).compactMap { try? SegmentRecovery(number: $0, folder: folder).read() }
  }

  /// Whether a segment has corrected times.
  func isThere(_ number: Int) -> Bool { access(path(number), F_OK) == 0 }

  private func stored(_ number: Int) -> CorrectedTimes? {
    guard let file = try? LocalFile(opening: path(number), flags: 0), let size = try? file.size(),
      let bytes = try? file.read(Int(size), at: 0)
    else { return nil }
    return try? bytes.withUnsafeBytes { try CorrectedTimes(decoding: $0) }
  }

  private func path(_ number: Int) -> String { "\(folder)/\(SegmentPlace.name(number)).times" }
}
