/// What a phone says of itself when it registers. Bounded: it comes from outside.
public struct DeviceMetadata: Codable, Hashable, Sendable {
  public let label: String?
  public let browser: String?
  public let platform: String?
  /// As the browser tells it, such as `Pixel 7`; iPhones all say `iPhone`. What the camera's latency is looked up by.
  public let model: String?
  /// Pixels of the frames it will send, as displayed (after rotation).
  public let width: Int?
  public let height: Int?
  public let fps: Double?

  public init(
    label: String? = nil, browser: String? = nil, platform: String? = nil, model: String? = nil,
    width: Int? = nil, height: Int? = nil, fps: Double? = nil
  ) {
    self.label = label
    self.browser = browser
    self.platform = platform
    self.model = model
    self.width = width
    self.height = height
    self.fps = fps
  }

  /// Refuses what no phone would say, by the field's name.
  public func validated() throws(ServiceError) -> DeviceMetadata {
    for (name, text) in [("label", label), ("browser", browser), ("platform", platform), ("model", model)] {
      guard let text else { continue }
      guard Self.isPlainText(text) else {
        throw Self.refused(name, "text of at most 200 bytes without control or invisible characters")
      }
    }
    for (name, pixels) in [("width", width), ("height", height)] {
      guard let pixels else { continue }
      guard (16...8192).contains(pixels) else { throw Self.refused(name, "16 to 8192 pixels") }
    }
    if let fps, !(fps >= 1 && fps <= 240) { throw Self.refused("fps", "1 to 240") }
    return self
  }

  /// Names and descriptions from outside: bounded, on one line.
  public static func isPlainText(_ text: String) -> Bool {
    text.utf8.count <= 200 && PlainText.isPlain(text)
  }

  public func relabelled(_ label: String) -> DeviceMetadata {
    DeviceMetadata(
      label: label, browser: browser, platform: platform, model: model, width: width, height: height, fps: fps)
  }

  private static func refused(_ field: String, _ allowed: String) -> ServiceError {
    .invalid("invalid_metadata", "metadata.\(field) must be \(allowed).")
  }
}
