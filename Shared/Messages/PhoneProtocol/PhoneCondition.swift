/// What a phone says of itself while it streams; it comes on every connection, and again when something changes.
public struct PhoneCondition: Codable, Hashable, Sendable {
  /// Where the capture instants of its frames come from.
  public enum CaptureSource: String, Codable, Sendable, CaseIterable {
    /// The browser told when the camera took the picture (`captureTime`).
    case captureTime = "capture_time"
    /// It did not: the instant is when the page got the picture, less the camera's known latency.
    case callbackTime = "callback_time"
  }

  /// Whether the page is in the background, where browsers stop the camera and slow timers down.
  public let isHidden: Bool
  /// Absent before the first frame.
  public let captureSource: CaptureSource?
  /// What the page took off for this model's camera, µs, 0 to `maximumLatency`.
  public let captureLatencyMicroseconds: Int

  public static let maximumLatency = 1_000_000

  public init(isHidden: Bool, captureSource: CaptureSource? = nil, captureLatencyMicroseconds: Int = 0) {
    self.isHidden = isHidden
    self.captureSource = captureSource
    self.captureLatencyMicroseconds = captureLatencyMicroseconds
  }

  /// The same, if it is within the protocol's limits.
  func validated() throws(DecodingFailure) -> PhoneCondition {
    guard (0...Self.maximumLatency).contains(captureLatencyMicroseconds) else { throw .invalid(field: "latency_us") }
    return self
  }

  enum CodingKeys: String, CodingKey {
    case isHidden = "hidden"
    case captureSource = "capture"
    case captureLatencyMicroseconds = "latency_us"
  }
}
