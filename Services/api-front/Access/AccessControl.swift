import Bus
import Messages
import Timing

/// Finds out who asks: the coach by key or cookie, a phone by its device token. Nothing else opens anything.
final class AccessControl {
  /// Whether an answer of less than a second ago will do.
  enum Trust { case remembered, asked }

  private let key: CoachKey
  private let tokens: RequestClient
  private let limits: AddressLimits
  private let log: CredentialLog
  private let time: any TimeSource
  private var cache = VerificationCache()

  init(key: CoachKey, tokens: RequestClient, limits: AddressLimits, log: CredentialLog, time: any TimeSource) {
    self.key = key
    self.limits = limits
    self.log = log
    self.tokens = tokens
    self.time = time
  }

  /// Whether `text` is the coach's key. Wrong ones count against the address that sent them.
  func checkCoachKey(_ text: String, of request: HTTPRequest) throws(ServiceError) {
    if let refusal = tooMany(request) { throw refusal }
    guard !key.matches(text) else { return }
    credentialsWereWrong(request)
    throw .wrongCoachKey
  }

  /// Whom the request's credentials name. No credentials is nobody; bad ones are an error.
  func identify(
    _ request: HTTPRequest, _ trust: Trust = .remembered,
    _ completion: @escaping (Result<Caller, ServiceError>) -> Void
  ) {
    if let bearer = request.bearerToken { return identify(request, bearer: bearer, trust, completion) }
    if let cookie = request.cookie(CoachCookie.name) {
      return verify(request, cookie, .coach, trust) { result in
        completion(result.map { _ in .coach }.mapError { $0.status == 401 ? .signedOut(code: $0.code) : $0 })
      }
    }
    completion(.success(.anonymous))
  }

  /// As `identify`, for a WebSocket: a browser can send no header there, so the token may stand in the query. One without
  /// credentials counts like one with wrong ones: none is open to everyone.
  func identifySocket(
    _ request: HTTPRequest, _ trust: Trust, _ completion: @escaping (Result<Caller, ServiceError>) -> Void
  ) {
    guard request.bearerToken == nil, let token = request.query["token"] else {
      return identify(request, trust) { [self] result in
        guard trust == .remembered, case .success(.anonymous) = result else { return completion(result) }
        if let refusal = tooMany(request) { return completion(.failure(refusal)) }
        credentialsWereWrong(request)
        completion(result)
      }
    }
    identify(request, bearer: token, trust, completion)
  }

  private func identify(
    _ request: HTTPRequest, bearer: String, _ trust: Trust,
    _ completion: @escaping (Result<Caller, ServiceError>) -> Void
  ) {
    if key.matches(bearer) {
      // Else guessing could go on beyond the limit, and the right guess would be seen. Of an open connection it is known.
      if trust == .remembered, let refusal = tooMany(request) { return completion(.failure(refusal)) }
      return completion(.success(.coach))
    }
    verify(request, bearer, .device, trust) { result in
      completion(
        result.flatMap { claims in
          guard let session = claims.session, let device = claims.device else { return .failure(.phoneOnly) }
          return .success(
            .phone(DeviceKey(session: session, device: device), tokenExpiresAt: claims.expiresAt))
        })
    }
  }

  private func verify(
    _ request: HTTPRequest, _ token: String, _ kind: TokenKind, _ trust: Trust,
    _ completion: @escaping (Result<TokenClaims, ServiceError>) -> Void
  ) {
    let now = time.now()
    if trust == .remembered, let claims = cache.claims(of: token, kind, at: now) { return completion(.success(claims)) }
    // A connection that is open is asked about again and again; that is no guess.
    if trust == .remembered, let refusal = tooMany(request) { return completion(.failure(refusal)) }
    tokens.send(VerifyToken(token: token, kind: kind)) { [weak self] result in
      switch result {
      case .success(let reply): self?.cache.remember(reply.claims, of: token, kind, askedAt: now)
      case .failure(let error) where error.status == 401:
        self?.cache.forget(token, kind)
        if trust == .remembered { self?.credentialsWereWrong(request) }
      case .failure: break
      }
      completion(result.map(\.claims))
    }
  }

  func coachSignedIn(_ request: HTTPRequest) { log.coachSignedIn(request) }

  private func tooMany(_ request: HTTPRequest) -> ServiceError? {
    guard let refusal = limits.refusalOfCredentials(of: request) else { return nil }
    log.refused(request)
    return refusal
  }

  private func credentialsWereWrong(_ request: HTTPRequest) {
    limits.credentialsWereWrong(request)
    log.refused(request)
  }

  /// What was revoked by this process is not believed a moment longer.
  func forgetVerified() { cache.forget() }
}
