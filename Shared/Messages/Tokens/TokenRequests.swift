/// Issues the pairing token that a session's QR carries, and withdraws those the session had before.
public struct IssuePairingToken: ServiceRequest {
  public struct Reply: Codable, Sendable {
    public let token: String
    /// For a phone that cannot scan: eight characters in two groups, `7Q4K-M2XD`. A secret like the token.
    public let code: String
    /// Seconds since the Unix epoch.
    public let expiresAt: Int64
    public init(token: String, code: String, expiresAt: Int64) {
      self.token = token
      self.code = code
      self.expiresAt = expiresAt
    }
  }
  public static let name = "tokens.issue_pairing"
  public static let isIdempotent = false
  /// Not sent again when its answer stays away, so that is waited for a little longer.
  public static let deadline = Duration.seconds(3)

  public let session: SessionID
  public let mode: SessionMode
  /// How many distinct devices it may register.
  public let maxDevices: Int
  /// 300 to 3600; nil is the configured default.
  public let ttlSeconds: Int?

  public init(session: SessionID, mode: SessionMode, maxDevices: Int, ttlSeconds: Int?) {
    self.session = session
    self.mode = mode
    self.maxDevices = maxDevices
    self.ttlSeconds = ttlSeconds
  }
}

/// Issues the token of a coach's browser.
public struct IssueCoachToken: ServiceRequest {
  public struct Reply: Codable, Sendable {
    public let token: String
    /// Seconds since the Unix epoch.
    public let expiresAt: Int64
    public init(token: String, expiresAt: Int64) {
      self.token = token
      self.expiresAt = expiresAt
    }
  }
  public static let name = "tokens.issue_coach"
  public static let isIdempotent = false
  /// Not sent again when its answer stays away, so that is waited for a little longer.
  public static let deadline = Duration.seconds(3)
  public init() {}
}

/// Tells which key coaches use. If it is another one than before, the browsers that knew the old one are signed out.
public struct ConfirmCoachKey: ServiceRequest {
  public struct Reply: Codable, Sendable {
    /// Tokens that ended.
    public let revoked: Int
    public init(revoked: Int) { self.revoked = revoked }
  }
  public static let name = "tokens.confirm_coach_key"

  /// SHA-256 of the key, in base64url.
  public let digest: String
  public init(digest: String) { self.digest = digest }
}

/// Ends the token of one coach's browser for good, and nobody else's. Asked again for the same one, it changes nothing.
public struct RevokeCoachToken: ServiceRequest {
  public struct Reply: Codable, Sendable {
    /// False if it had ended before.
    public let isRevokedNow: Bool
    public init(isRevokedNow: Bool) { self.isRevokedNow = isRevokedNow }
  }
  public static let name = "tokens.revoke_coach"

  public let token: String
  public init(token: String) { self.token = token }
}

/// Checks signature, kind, expiry and revocation; for a pairing token also whether `device` could still use it.
public struct VerifyToken: HotRequest, Hashable {
  public struct Reply: Hashable, Sendable {
    public let claims: TokenClaims
    /// Pairing tokens: how many devices may still register with it. 0 for other kinds.
    public let devicesLeft: Int
    public init(claims: TokenClaims, devicesLeft: Int) {
      self.claims = claims
      self.devicesLeft = devicesLeft
    }
  }
  public static let name = "tokens.verify"

  public let token: String
  public let kind: TokenKind
  /// The phone that wants to use a pairing token.
  public let device: DeviceID?

  public init(token: String, kind: TokenKind, device: DeviceID? = nil) {
    self.token = token
    self.kind = kind
    self.device = device
  }
}

/// Marks a pairing token as used by `device` and issues that device's own token: one transaction.
///
/// Asking again with the same `attempt` (a retry of the same HTTP request) gives the same answer.
public struct RedeemPairingToken: ServiceRequest {
  public struct Reply: Codable, Sendable {
    public let claims: TokenClaims
    public let deviceToken: String
    public let deviceTokenExpiresAt: Int64
    public init(claims: TokenClaims, deviceToken: String, deviceTokenExpiresAt: Int64) {
      self.claims = claims
      self.deviceToken = deviceToken
      self.deviceTokenExpiresAt = deviceTokenExpiresAt
    }
  }
  public static let name = "tokens.redeem"

  public let token: String
  public let device: DeviceID
  /// Random, 8 to 128 characters: the phone's own where it sends one, so that it may ask again when the answer was
  /// lost on the way; else made by api-front for one HTTP request. Whoever knows it may repeat the attempt.
  public let attempt: String

  public init(token: String, device: DeviceID, attempt: String) {
    self.token = token
    self.device = device
    self.attempt = attempt
  }
}

/// Undoes a redemption whose phone did not get in and cannot ask again: its device token was given to nobody, so the
/// place of the pairing token is free, also for the same phone. What was revoked meanwhile stays as it is.
public struct TakeBackRedemption: ServiceRequest {
  public struct Reply: Codable, Sendable {
    /// False if there was nothing to take back (any more).
    public let isTakenBack: Bool
    public init(isTakenBack: Bool) { self.isTakenBack = isTakenBack }
  }
  public static let name = "tokens.take_back"

  /// The `jti` of the device token.
  public let grant: String
  public init(grant: String) { self.grant = grant }
}

/// Turns a typed pairing code into the pairing token that it stands for. Uses up nothing of the token.
public struct RedeemPairingCode: ServiceRequest {
  public struct Reply: Codable, Sendable {
    public let token: String
    public let claims: TokenClaims
    public init(token: String, claims: TokenClaims) {
      self.token = token
      self.claims = claims
    }
  }
  public static let name = "tokens.redeem_code"

  /// As it was typed.
  public let code: String
  public init(code: String) { self.code = code }
}

/// Shuts one phone out: its own token ends, and so do its session's QRs, which its owner may have kept. A QR that is
/// issued afterwards lets it in again.
public struct ShutOutDevice: ServiceRequest {
  public struct Reply: Codable, Sendable {
    public let revoked: Int
    public init(revoked: Int) { self.revoked = revoked }
  }
  public static let name = "tokens.shut_out"
  /// Within that of the coach's request, which waits for this one.
  public static let deadline = Duration.seconds(1)

  public let key: DeviceKey
  /// The `jti` of the device's token, so that asking again late does not end a newer one; nil ends every one it has.
  public let grant: String?
  /// The session's devices that stay. Who else has redeemed a QR of the session may be the removed phone under another
  /// name, which was not let in meanwhile: its token ends too. nil: nothing is known of others.
  public let staying: [DeviceID]?

  public init(key: DeviceKey, grant: String?, staying: [DeviceID]? = nil) {
    self.key = key
    self.grant = grant
    self.staying = staying
  }
}

/// Forgets every token of a session that is deleted.
public struct RevokeTokens: ServiceRequest {
  public struct Reply: Codable, Sendable {
    /// In all of this deletion, also before the service was killed.
    public let revoked: Int
    public init(revoked: Int) { self.revoked = revoked }
  }
  public static let name = "tokens.revoke"

  public let session: SessionID
  public let deletion: DeletionID
  public init(session: SessionID, deletion: DeletionID) {
    self.session = session
    self.deletion = deletion
  }
}

/// Ends the pairing tokens of a session, whose phones keep theirs: nobody new is let in.
public struct WithdrawPairing: ServiceRequest {
  public struct Reply: Codable, Sendable {
    public let revoked: Int
    public init(revoked: Int) { self.revoked = revoked }
  }
  public static let name = "tokens.withdraw_pairing"

  public let session: SessionID
  public init(session: SessionID) { self.session = session }
}
