/// Every service answers these two; the runtime does it, no service writes it.
public struct ScrapeMetrics: ServiceRequest {
  public struct Reply: Codable, Sendable {
    /// Prometheus text exposition format 0.0.4.
    public let text: String
    public init(text: String) { self.text = text }
  }
  public static let name = "operations.metrics"
  public init() {}
}

/// Asks whether a service can do its work now.
public struct CheckReadiness: ServiceRequest {
  public struct Reply: Codable, Sendable, Equatable {
    public let service: String
    public let version: String
    public let ready: Bool
    /// What it waits for, in words, when not ready.
    public let reason: String?
    public init(service: String, version: String, ready: Bool, reason: String? = nil) {
      self.service = service
      self.version = version
      self.ready = ready
      self.reason = reason
    }
  }
  public static let name = "operations.ready"
  public static let deadline = Duration.milliseconds(500)
  public init() {}
}
