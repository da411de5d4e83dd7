/// How a phone knows when its pictures are taken.
public struct CaptureStatus: Codable, Hashable, Sendable {
  public let source: PhoneCondition.CaptureSource
  /// Taken off by the server for this model's camera, µs.
  public let latencyMicroseconds: Int

  public init(source: PhoneCondition.CaptureSource, latencyMicroseconds: Int) {
    self.source = source
    self.latencyMicroseconds = latencyMicroseconds
  }

  enum CodingKeys: String, CodingKey {
    case source
    case latencyMicroseconds = "latency_us"
  }
}
