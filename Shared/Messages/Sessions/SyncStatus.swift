/// How well a device's clock is known. Offset is SessionTime − DeviceTime.
public struct SyncStatus: Codable, Hashable, Sendable {
  public enum Quality: String, Codable, Sendable, CaseIterable {
    case unknown
    /// Bound under 5 ms.
    case good
    /// Bound under 50 ms.
    case acceptable
    case poor
  }

  public let offsetMs: Double
  public let errorBoundMs: Double
  /// Rate of the device's clock against the server's, parts per million; positive runs fast.
  public let driftPpm: Double
  public let quality: Quality

  public init(offsetMs: Double, errorBoundMs: Double, driftPpm: Double) {
    self.offsetMs = offsetMs
    self.errorBoundMs = errorBoundMs
    self.driftPpm = driftPpm
    self.quality = errorBoundMs < 5 ? .good : errorBoundMs < 50 ? .acceptable : .poor
  }

  enum CodingKeys: String, CodingKey {
    case offsetMs = "offset_ms"
    case errorBoundMs = "error_bound_ms"
    case driftPpm = "drift_ppm"
    case quality
  }
}
