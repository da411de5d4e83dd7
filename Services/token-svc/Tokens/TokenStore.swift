import Messages
import Storage

/// What token-svc must remember. SQLite today; anything with transactions can stand in.
public protocol TokenStore {
  /// Enters a token that is about to be handed out. A token that is not here is not good, however well it is signed.
  func insert(_ token: StoredToken) throws(StorageError)
  /// Enters a pairing token with the digest of its code, and withdraws the session's earlier ones: one QR is good at a
  /// time. False, with nothing changed, if another token has this code.
  func insert(_ token: StoredToken, codeDigest: [UInt8]) throws(StorageError) -> Bool
  /// The pairing token with this code; nil for a code that is none, or whose token expired long ago.
  func pairingToken(codeDigest: [UInt8]) throws(StorageError) -> (claims: TokenClaims, isRevoked: Bool)?
  /// Seconds since the Unix epoch, by the clock of then; nil for a token that is not here.
  func issuedAt(of jti: String) throws(StorageError) -> Int64?
  /// nil for a token that was never issued, was deleted with its session, or expired long ago.
  func standing(of jti: String, device: DeviceID?) throws(StorageError) -> TokenStanding?
  /// Marks and checks in one transaction.
  func redeem(_ redemption: Redemption) throws(StorageError) -> RedemptionOutcome
  /// Forgets a device token and that it was redeemed, in one transaction. False, with nothing changed, for one that is
  /// not here or is revoked: who was shut out keeps the mark.
  func takeBack(grant: String) throws(StorageError) -> Bool
  /// Ends a session's pairing tokens. How many there were.
  func withdrawPairing(of session: SessionID) throws(StorageError) -> Int
  /// Forgets every token of a session. How many there were in this deletion, also when it was asked for before: that is
  /// kept in the same transaction.
  ///
  /// - Parameter now: seconds since the Unix epoch.
  func forget(session: SessionID, for deletion: DeletionID, at now: Int64) throws(StorageError) -> Int
  /// Ends one device's token for good, and its session's pairing tokens, which it may know. So do those of devices that
  /// are not `staying`, if that is known. The mark that they have used their pairing token stays. How many there were.
  func shutOut(_ key: DeviceKey, grant: String?, staying: [DeviceID]?) throws(StorageError) -> Int
  /// Ends one token for good, also over a power cut. False if it is not here, or had ended.
  func revoke(jti: String) throws(StorageError) -> Bool
  /// Remembers the coach's key by its digest. If there was another, every coach's token ends. How many there were.
  func confirmCoachKey(digest: String) throws(StorageError) -> Int
  /// Removes tokens that expired before `expiredBefore`, and the counts of deletions before `forgottenBefore` (seconds
  /// since the Unix epoch). How many tokens there were.
  func purge(expiredBefore: Int64, forgottenBefore: Int64) throws(StorageError) -> Int
  func count() throws(StorageError) -> Int
}

/// A token's row: its claims and, for pairing tokens, how many devices it may register.
public struct StoredToken: Hashable, Sendable {
  public let claims: TokenClaims
  public let maxDevices: Int

  public init(claims: TokenClaims, maxDevices: Int = 0) {
    self.claims = claims
    self.maxDevices = maxDevices
  }
}

/// How a stored token stands now.
public struct TokenStanding: Hashable, Sendable {
  public let isRevoked: Bool
  /// What it was issued for; nil for a coach's.
  public let session: SessionID?
  public let mode: SessionMode?
  public let devicesLeft: Int
  /// Whether the device that was asked about has used it.
  public let isUsedByDevice: Bool
}

extension TokenClaims {
  /// With the session and mode that the store knows the token, or the one it comes from, by.
  func issued(for standing: TokenStanding) -> TokenClaims {
    TokenClaims(
      kind: kind, session: standing.session, device: device, mode: standing.mode, issuedAt: issuedAt,
      expiresAt: expiresAt, jti: jti)
  }
}

/// One attempt of one device to turn a pairing token into its own.
public struct Redemption: Sendable {
  /// The pairing token's `jti`.
  public let pairing: String
  public let device: DeviceID
  /// SHA-256 of the attempt's name: who knows the name may repeat the attempt, so the name itself is not kept.
  public let attemptDigest: [UInt8]
  /// The token that the device is given if this is its first attempt, in the session that the pairing token is of.
  public let deviceToken: TokenClaims

  public init(pairing: String, device: DeviceID, attemptDigest: [UInt8], deviceToken: TokenClaims) {
    self.pairing = pairing
    self.device = device
    self.attemptDigest = attemptDigest
    self.deviceToken = deviceToken
  }
}

public enum RedemptionOutcome: Hashable, Sendable {
  /// The device token in force: the new one, or that of the same attempt made before.
  case granted(TokenClaims)
  case refused(TokenError)
}
