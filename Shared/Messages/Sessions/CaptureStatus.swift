/// How a phone knows when its pictures are taken.
public struct CaptureStatus: Codable, Hashable, Sendable {
  public let source: PhoneCondition.CaptureSource
  /// Taken off for this model's camera, µs.
  public let latencyMicroseconds: Int

  enum CodingKeys: String, CodingKey {
    case source
    case latencyMicroseconds = "latency_us"
  }
}

extension PhoneCondition {
  /// Nil before the first frame.
  public var capture: CaptureStatus? {
    captureSource.map { CaptureStatus(source: $0, latencyMicroseconds: captureLatencyMicroseconds) }
  }
}
