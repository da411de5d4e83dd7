import Timing

/// How well a device's clock is known. Offset is SessionTime − DeviceTime.
public struct SyncStatus: Codable, Hashable, Sendable {
  public typealias Quality = ClockQuality

  public let offsetMs: Double
  public let errorBoundMs: Double
  /// Rate of the device's clock against the server's, parts per million; positive runs fast.
  public let driftPpm: Double
  public let quality: Quality
  /// Why the quality is not good; absent when it is.
  public let cause: ClockCause?

  public init(_ state: ClockState, isPageHidden: Bool = false) {
    offsetMs = state.offsetMicroseconds / 1000
    errorBoundMs = Double(state.errorBoundMicroseconds) / 1000
    driftPpm = state.driftPpm
    quality = ClockQuality(errorBoundMicroseconds: state.errorBoundMicroseconds)
    cause = isPageHidden && state.cause == .noRecentExchange ? .pageHidden : state.cause
  }

  enum CodingKeys: String, CodingKey {
    case offsetMs = "offset_ms"
    case errorBoundMs = "error_bound_ms"
    case driftPpm = "drift_ppm"
    case quality, cause
  }
}
