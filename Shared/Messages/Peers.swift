/// The five programs. The name is that of the executable and of the systemd unit (`axolotl-<name>`).
public enum Service: String, CaseIterable, Codable, Sendable {
  case apiFront = "api-front"
  case tokenService = "token-svc"
  case sessionService = "session-svc"
  case streamService = "stream-svc"
  case edgeGateway = "edge-gateway"
}

/// A socket on the bus, named after the conversation held there. Its owner binds, the others connect.
public enum Endpoint: Hashable, Sendable {
  /// Requests to token-svc.
  case tokens
  /// Requests to session-svc.
  case sessions
  /// Device reports pushed to session-svc.
  case deviceReports
  /// Requests to one stream-svc instance (recordings, final times, metrics).
  case stream(instance: Int)
  /// Phones' frames and text, relayed between api-front and one stream-svc instance.
  case phoneLinks(instance: Int)
  /// 2D observations pushed to edge-gateway.
  case observations
  /// Requests to edge-gateway.
  case gateway
  /// 3D poses published by edge-gateway.
  case livePoses

  /// The file name of the Unix socket under the bus directory.
  public var socketName: String {
    switch self {
    case .tokens: "tokens"
    case .sessions: "sessions"
    case .deviceReports: "device-reports"
    case .stream(let instance): "stream-\(instance)"
    case .phoneLinks(let instance): "phone-links-\(instance)"
    case .observations: "observations"
    case .gateway: "gateway"
    case .livePoses: "live-poses"
    }
  }
}

/// Who may say what to whom. A test holds the systemd units and the services' own sockets against it.
public struct Peer: Hashable, Sendable {
  public enum Pattern: String, Sendable {
    case requestReply = "request/reply"
    case duplex
    case push
    case publish
  }

  public let from: Service
  public let to: Service
  /// The conversation, by the socket name without an instance number.
  public let conversation: String
  public let pattern: Pattern
  /// The process that binds the socket.
  public let boundBy: Service

  public static let table: [Peer] = [
    Peer(.apiFront, .tokenService, "tokens", .requestReply),
    Peer(.sessionService, .tokenService, "tokens", .requestReply),
    Peer(.apiFront, .sessionService, "sessions", .requestReply),
    Peer(.streamService, .sessionService, "sessions", .requestReply),
    Peer(.edgeGateway, .sessionService, "sessions", .requestReply),
    Peer(.streamService, .sessionService, "device-reports", .push),
    Peer(.apiFront, .streamService, "phone-links", .duplex),
    Peer(.apiFront, .streamService, "stream", .requestReply),
    Peer(.sessionService, .streamService, "stream", .requestReply),
    Peer(.edgeGateway, .streamService, "stream", .requestReply),
    Peer(.streamService, .edgeGateway, "observations", .push),
    Peer(.apiFront, .edgeGateway, "gateway", .requestReply),
    Peer(.sessionService, .edgeGateway, "gateway", .requestReply),
    Peer(.edgeGateway, .apiFront, "live-poses", .publish, boundBy: .edgeGateway),
  ]

  private init(
    _ from: Service, _ to: Service, _ conversation: String, _ pattern: Pattern, boundBy: Service? = nil
  ) {
    self.from = from
    self.to = to
    self.conversation = conversation
    self.pattern = pattern
    self.boundBy = boundBy ?? to
  }
}
