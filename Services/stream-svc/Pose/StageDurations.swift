import Glibc

/// Where the time of one frame went, in microseconds of the monotonic clock.
public struct StageDurations: Equatable, Sendable {
  /// Decoding the JPEG; twice when the person had to be searched for.
  public var decode: Int64 = 0
  /// Drawing the models' inputs.
  public var draw: Int64 = 0
  /// The detector, with what is made of its output.
  public var detect: Int64 = 0
  /// The landmark model, with what is made of its output.
  public var landmarks: Int64 = 0

  public var total: Int64 { decode + draw + detect + landmarks }

  /// Runs one stage and adds its time to `stage`.
  mutating func measure<T>(
    _ stage: WritableKeyPath<StageDurations, Int64>, _ body: () throws(PoseError) -> T
  ) throws(PoseError) -> T {
    let start = Self.now()
    defer { self[keyPath: stage] += Self.now() - start }
    return try body()
  }

  private static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
  }
}
