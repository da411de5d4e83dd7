/// How well a clock is known, from its error bound.
public enum ClockQuality: String, Codable, Sendable, CaseIterable {
  /// No exchange yet.
  case unknown
  /// Bound under 5 ms.
  case good
  /// Bound under 50 ms.
  case acceptable
  case poor

  public init(errorBoundMicroseconds bound: UInt32) {
    self = bound < 5000 ? .good : bound < 50_000 ? .acceptable : .poor
  }
}
