/// A phone's WebRTC offer, for the stream-svc instance that its camera has been placed on.
///
/// Access was checked by the asker. For as long as the connection lives the instance asks session-svc again, and it ends
/// the connection when the token expires: it knows no token and may not ask token-svc.
public struct SignalOffer: ServiceRequest {
  public struct Reply: Codable, Sendable, Equatable {
    /// The answer, with the candidates that were known by then.
    public let sdp: String
    public init(sdp: String) { self.sdp = sdp }
  }
  public static let name = "signalling.offer"
  public static let deadline = Duration.seconds(5)
  /// A second peer would take the place of the first.
  public static let isIdempotent = false

  /// What stream-svc must know of the phone; its transport is `webrtc`.
  public let opening: PhoneLinkOpen
  public let sdp: String
  /// When the device token that the phone showed expires, in seconds since the Unix epoch.
  public let tokenExpiresAt: Int64

  public init(opening: PhoneLinkOpen, sdp: String, tokenExpiresAt: Int64) {
    self.opening = opening
    self.sdp = sdp
    self.tokenExpiresAt = tokenExpiresAt
  }
}

/// Trickle ICE: candidates that the phone found after its offer. The reply has those of the server.
public struct SignalCandidates: ServiceRequest {
  public struct Reply: Codable, Sendable, Equatable {
    /// All candidates of the server so far, `candidate:…`.
    public let candidates: [String]
    /// No more will come.
    public let isComplete: Bool
    public init(candidates: [String], isComplete: Bool) {
      self.candidates = candidates
      self.isComplete = isComplete
    }
  }
  public static let name = "signalling.candidates"

  public let key: DeviceKey
  /// `candidate:…`, at most `maximumCandidates`.
  public let candidates: [String]

  public static let maximumCandidates = 25

  public init(key: DeviceKey, candidates: [String]) {
    self.key = key
    self.candidates = candidates
  }
}
