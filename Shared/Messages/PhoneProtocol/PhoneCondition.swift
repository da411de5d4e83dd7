/// What a phone says of itself while it streams; it comes on every connection, and again when something changes.
public struct PhoneCondition: Codable, Hashable, Sendable {
  /// Where the capture instants of its frames come from.
  public enum CaptureSource: String, Codable, Sendable, CaseIterable {
    /// The browser told when the camera took the picture (`captureTime`).
    case captureTime = "capture_time"
    /// It did not: the instant is when the page got the picture.
    case callbackTime = "callback_time"
  }

  /// Whether the page is in the background, where browsers stop the camera and slow timers down.
  public let isHidden: Bool
  /// Absent before the first frame.
  public let captureSource: CaptureSource?
  public init(isHidden: Bool, captureSource: CaptureSource? = nil) {
    self.isHidden = isHidden
    self.captureSource = captureSource
  }

  enum CodingKeys: String, CodingKey {
    case isHidden = "hidden"
    case captureSource = "capture"
  }
}
