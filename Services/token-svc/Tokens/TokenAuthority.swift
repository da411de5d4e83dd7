import Crypto
import Messages
import Storage
import Timing

/// Issues, verifies, redeems and revokes tokens: the whole of token-svc but its socket.
public final class TokenAuthority {
  public static let allowedTimeToLive = 300...3600
  /// A phone may come back for a day without a new scan.
  static let deviceTokenSeconds: Int64 = 24 * 3600
  /// A coach's browser stays logged in for half a day.
  static let coachTokenSeconds: Int64 = 12 * 3600
  /// How long an expired token stays in the store.
  static let graceSeconds: Int64 = 60

  private let codec: TokenCodec
  private let store: any TokenStore
  private let time: any TimeSource
  private let random: any RandomSource
  private let defaultTimeToLive: Int
  private let keys: KeyRing
  private var guesses = GuessBudget()

  /// Two of 2^40 codes are alike almost never, eight in a row never.
  private static let codeAttempts = 8

  public init(
    keys: KeyRing, store: any TokenStore, time: any TimeSource, random: any RandomSource = SecureRandom(),
    defaultTimeToLive: Int = 600
  ) {
    codec = TokenCodec(keys: keys)
    self.keys = keys
    self.store = store
    self.time = time
    self.random = random
    self.defaultTimeToLive = defaultTimeToLive
  }

  public func issue(_ request: IssuePairingToken) throws -> IssuePairingToken.Reply {
    let seconds = request.ttlSeconds ?? defaultTimeToLive
    guard Self.allowedTimeToLive.contains(seconds) else { throw TokenError.timeToLiveOutOfRange }
    guard (1...request.mode.allowedDevices.upperBound).contains(request.maxDevices) else {
      throw TokenError.deviceCountOutOfRange
    }
    let claims = try newClaims(.pairing, session: request.session, mode: request.mode, seconds: Int64(seconds))
    let token = StoredToken(claims: claims, maxDevices: request.maxDevices)
    for _ in 0..<Self.codeAttempts {
      let code = try PairingCode(random: random)
      // Stored before it is signed and sent: no crash leaves a token in somebody's hands that the store does not know.
      guard try store.insert(token, codeDigest: try keys.current.digest(of: code)) else { continue }
      return IssuePairingToken.Reply(
        token: try codec.sign(claims), code: code.grouped, expiresAt: claims.expiresAt)
    }
    throw ServiceError.internalFault
  }

  public func issue(_: IssueCoachToken) throws -> IssueCoachToken.Reply {
    let claims = try newClaims(.coach, seconds: Self.coachTokenSeconds)
    try store.insert(StoredToken(claims: claims))
    return IssueCoachToken.Reply(token: try codec.sign(claims), expiresAt: claims.expiresAt)
  }

  /// The pairing token that a typed code stands for. Every wrong code costs the server's budget of guesses.
  public func redeem(_ request: RedeemPairingCode) throws -> RedeemPairingCode.Reply {
    guard let code = PairingCode(typed: request.code) else { throw TokenError.codeMalformed }
    guard guesses.isOpen(at: time.now()) else { throw TokenError.codeLocked }
    for digest in try keys.digests(of: code) {
      guard let found = try store.pairingToken(codeDigest: digest) else { continue }
      // Right, though too late: that is worth saying, and it was no guess.
      if found.isRevoked { throw TokenError.revoked }
      if now >= found.claims.expiresAt { throw TokenError.expired }
      return RedeemPairingCode.Reply(token: try codec.sign(found.claims), claims: found.claims)
    }
    guesses.spend(at: time.now())
    throw TokenError.codeUnknown
  }

  public func verify(_ request: VerifyToken) throws -> VerifyToken.Reply {
    let claims = try read(request.token, request.kind)
    guard let standing = try store.standing(of: claims.jti, device: request.device), !standing.isRevoked else {
      throw TokenError.revoked
    }
    if request.kind == .pairing, request.device != nil {
      if standing.isUsedByDevice { throw TokenError.alreadyUsed }
      if standing.devicesLeft == 0 { throw TokenError.full }
    }
    return VerifyToken.Reply(
      claims: request.kind == .pairing ? claims.issued(for: standing) : claims, devicesLeft: standing.devicesLeft)
  }

  public func redeem(_ request: RedeemPairingToken) throws -> RedeemPairingToken.Reply {
    guard (8...128).contains(request.attempt.utf8.count) else { throw TokenError.attemptOutOfRange }
    let pairing = try read(request.token, .pairing)
    let redemption = Redemption(
      pairing: pairing.jti, device: request.device,
      attemptDigest: try SHA256.digest(of: Array(request.attempt.utf8)),
      deviceToken: try newClaims(.device, device: request.device, seconds: Self.deviceTokenSeconds))
    switch try store.redeem(redemption) {
    case .refused(let why): throw why
    case .granted(let claims):
      return RedeemPairingToken.Reply(
        claims: claims, deviceToken: try codec.sign(claims), deviceTokenExpiresAt: claims.expiresAt)
    }
  }

  public func takeBack(_ request: TakeBackRedemption) throws -> TakeBackRedemption.Reply {
    TakeBackRedemption.Reply(isTakenBack: try store.takeBack(grant: request.grant))
  }

  public func revoke(_ request: RevokeTokens) throws -> RevokeTokens.Reply {
    RevokeTokens.Reply(revoked: try store.forget(session: request.session, for: request.deletion, at: now))
  }

  /// - Throws: `TokenError` for what is no coach's token of this server, or has expired.
  public func revoke(_ request: RevokeCoachToken) throws -> RevokeCoachToken.Reply {
    let claims = try read(request.token, .coach)
    return RevokeCoachToken.Reply(isRevokedNow: try store.revoke(jti: claims.jti))
  }

  public func confirm(_ request: ConfirmCoachKey) throws -> ConfirmCoachKey.Reply {
    ConfirmCoachKey.Reply(revoked: try store.confirmCoachKey(digest: request.digest))
  }

  public func withdraw(_ request: WithdrawPairing) throws -> WithdrawPairing.Reply {
    WithdrawPairing.Reply(revoked: try store.withdrawPairing(of: request.session))
  }

  public func shutOut(_ request: ShutOutDevice) throws -> ShutOutDevice.Reply {
    ShutOutDevice.Reply(revoked: try store.shutOut(request.key, grant: request.grant, staying: request.staying))
  }

  /// Removes what expired more than a minute ago. How many there were.
  public func purge() throws -> Int {
    try store.purge(expiredBefore: now - Self.graceSeconds, forgottenBefore: now - DeletionID.memorySeconds)
  }

  private func read(_ token: String, _ kind: TokenKind) throws -> TokenClaims {
    try codec.verify(token, kind: kind, now: now) { try store.issuedAt(of: $0.jti) == $0.issuedAt }
  }

  private var now: Int64 { time.utcMicroseconds() / 1_000_000 }

  private func newClaims(
    _ kind: TokenKind, session: SessionID? = nil, device: DeviceID? = nil, mode: SessionMode? = nil, seconds: Int64
  ) throws(CryptoError) -> TokenClaims {
    let issuedAt = now
    return TokenClaims(
      kind: kind, session: session, device: device, mode: mode, issuedAt: issuedAt, expiresAt: issuedAt + seconds,
      jti: Base64URL.encode(try random.bytes(16)))
  }
}
