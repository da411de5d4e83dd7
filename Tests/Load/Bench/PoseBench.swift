import Foundation
import PoseEstimation

/// Frame → 2D pose, one thread, on footage of an athlete.
enum PoseBench {
  static let camera = "cam03"
  private static let rounds = 3

  static func rows(_ options: BenchOptions) throws -> [BenchRow] {
    let footage = try FootageFrames(footage: options.footage, camera: camera)
    let engine = try PoseEngine(models: PoseModels(directory: options.models))
    // Before and after alike, so that neither side has the quieter machine.
    let before = try mediapipe(options, footage.folder)
    let following = try measure(engine, footage.frames) { _ in }
    let searching = try measure(engine, footage.frames) { $0 = PoseTracker() }
    let after = try mediapipe(options, footage.folder)
    let reference = before.flatMap { before in after.map { ("MediaPipe (Python)", min(before, $0)) } }
    return [
      BenchRow(
        "frame → 2D pose, 720×1280, following", median(following.map(\.total)), "ms", against: reference,
        target: "≤ 8 ms; MediaPipe's 17 ms"),
      BenchRow("  of which decoding the JPEG", median(following.map(\.decode)), "ms"),
      BenchRow("  of which drawing the model's input", median(following.map(\.draw)), "ms"),
      BenchRow("  of which the landmark model", median(following.map(\.landmarks)), "ms"),
      BenchRow("frame → 2D pose, 99th percentile", percentile(following.map(\.total), 0.99), "ms"),
      BenchRow("frame → 2D pose, searching every time", median(searching.map(\.total)), "ms"),
      BenchRow("  of which the detector", median(searching.map(\.detect)), "ms"),
    ]
  }

  private static func measure(
    _ engine: PoseEngine, _ frames: [[UInt8]], prepare: (inout PoseTracker) -> Void
  ) throws -> [StageDurations] {
    var durations: [StageDurations] = []
    var found = 0
    for round in 0...rounds {
      var tracker = PoseTracker()
      for (index, frame) in frames.enumerated() {
        prepare(&tracker)
        let estimate = try engine.estimate(jpeg: frame, atMicroseconds: Int64(index) * 16_667, tracker: &tracker)
        found += estimate == nil ? 0 : 1
        // The first round warms caches; the first frame of each searches.
        if round > 0 && index > 0 { durations.append(engine.durations) }
      }
    }
    // Searched for anew in every frame, he is missed in one or two, by MediaPipe as well.
    guard found * 100 >= frames.count * (rounds + 1) * 95 else {
      throw Tool.Failure(description: "the athlete was found in only \(found) of \(frames.count * (rounds + 1)) frames")
    }
    return durations
  }

  /// Milliseconds per frame of MediaPipe's own Python, decoding included.
  private static func mediapipe(_ options: BenchOptions, _ folder: URL) throws -> Double? {
    guard let python = options.oraclePython else { return nil }
    struct Figures: Decodable { let medianMilliseconds: Double }
    let output = try Tool.run(python, ["Tests/Load/mediapipe_bench.py", folder.path])
    return try JSONDecoder().decode(Figures.self, from: output).medianMilliseconds
  }

  private static func median(_ microseconds: [Int64]) -> Double { percentile(microseconds, 0.5) }

  private static func percentile(_ microseconds: [Int64], _ fraction: Double) -> Double {
    Double(microseconds.percentile(fraction)) / 1000
  }
}
