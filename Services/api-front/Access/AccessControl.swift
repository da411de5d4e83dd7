import Bus
import Messages
import Timing

/// Finds out who asks: the coach by key or cookie, a phone by its device token. Nothing else opens anything.
final class AccessControl {
  static let cookieName = "axolotl_coach"

  /// Whether an answer of less than a second ago will do.
  enum Trust { case remembered, asked }

  private let key: CoachKey
  private let tokens: RequestClient
  private let time: any TimeSource
  private var cache = VerificationCache()

  init(key: CoachKey, tokens: RequestClient, time: any TimeSource) {
    self.key = key
    self.tokens = tokens
    self.time = time
  }

  func isCoachKey(_ text: String) -> Bool { key.matches(text) }

  /// Whom the request's credentials name. No credentials is nobody; bad ones are an error.
  func identify(
    _ request: HTTPRequest, _ trust: Trust = .remembered,
    _ completion: @escaping (Result<Caller, ServiceError>) -> Void
  ) {
    if let bearer = request.bearerToken {
      if key.matches(bearer) { return completion(.success(.coach)) }
      return verifyDevice(bearer, trust, completion)
    }
    if let cookie = request.cookie(Self.cookieName) {
      return verify(cookie, .coach, trust) { completion($0.map { _ in .coach }) }
    }
    completion(.success(.anonymous))
  }

  /// As `identify`, for a WebSocket: a browser can send no header there, so the token may stand in the query.
  func identifySocket(
    _ request: HTTPRequest, _ trust: Trust, _ completion: @escaping (Result<Caller, ServiceError>) -> Void
  ) {
    guard request.bearerToken == nil, let token = request.query["token"] else {
      return identify(request, trust, completion)
    }
    if key.matches(token) { return completion(.success(.coach)) }
    verifyDevice(token, trust, completion)
  }

  func verifyDevice(
    _ token: String, _ trust: Trust = .remembered, _ completion: @escaping (Result<Caller, ServiceError>) -> Void
  ) {
    verify(token, .device, trust) { result in
      completion(
        result.flatMap { claims in
          guard let session = claims.session, let device = claims.device else { return .failure(.phoneOnly) }
          return .success(.phone(DeviceKey(session: session, device: device)))
        })
    }
  }

  private func verify(
    _ token: String, _ kind: TokenKind, _ trust: Trust,
    _ completion: @escaping (Result<TokenClaims, ServiceError>) -> Void
  ) {
    let now = time.now()
    if trust == .remembered, let claims = cache.claims(of: token, kind, at: now) { return completion(.success(claims)) }
    tokens.send(VerifyToken(token: token, kind: kind)) { [weak self] result in
      if case .success(let reply) = result { self?.cache.remember(reply.claims, of: token, kind, askedAt: now) }
      completion(result.map(\.claims))
    }
  }

  /// What was revoked by this process is not believed a moment longer.
  func forgetVerified() { cache.forget() }
}
