import Crypto
import Messages
import Storage
import TestFolders
import Timing

@testable import TokenService

/// The same seconds as ManualTimeSource starts with.
let startSeconds: Int64 = 1_700_000_000
let testSecret = Array("0123456789abcdef-0123456789abcdef".utf8)
let session = SessionID("sess-2023-11-14-221320-abcdef")!
let deletion = DeletionID(String(repeating: "a", count: 32))!

func device(_ number: Int) -> DeviceID { DeviceID("phone-\(number)")! }

/// A token authority on a real store, opened as token-svc opens it, with a clock that stands still.
struct TestAuthority {
  let folder: TemporaryFolder
  let time = ManualTimeSource()
  let store: SQLiteTokenStore
  let authority: TokenAuthority

  /// - Parameter access: shared where a test opens the store twice at a time.
  init(
    folder: TemporaryFolder? = nil, secret: [UInt8] = testSecret, previous: [UInt8]? = nil,
    access: Database.Access = .exclusive
  ) throws {
    self.folder = folder ?? TemporaryFolder()
    store = try SQLiteTokenStore(path: "\(self.folder.path)/tokens.db", access: access)
    authority = TokenAuthority(keys: try KeyRing(current: secret, previous: previous), store: store, time: time)
  }

  func pairingToken(devices: Int = 4, ttl: Int? = nil) throws -> String {
    try authority.issue(
      IssuePairingToken(session: session, mode: devices == 1 ? .single : .threeD, maxDevices: devices, ttlSeconds: ttl)
    ).token
  }

  func redeem(_ token: String, _ number: Int, attempt: String? = nil) throws -> RedeemPairingToken.Reply {
    try authority.redeem(
      RedeemPairingToken(token: token, device: device(number), attempt: attempt ?? "attempt-\(number)"))
  }
}
