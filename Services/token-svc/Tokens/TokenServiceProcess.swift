import Bus
import Crypto
import Messages
import Runtime
import Storage
import Timing

/// token-svc: the authority behind its socket, its store and its clean-up timer.
public final class TokenServiceProcess: ServiceProcess {
  private let authority: TokenAuthority
  private let server: RequestServer
  private let metrics: TokenMetrics
  private let context: ServiceContext

  public init(_ context: ServiceContext) throws {
    let settings = context.settings
    let directory = settings[AppSettings.stateDirectory]
    try makeDirectories(directory)
    let secrets = try TokenSecrets(
      current: settings[AppSettings.pairingTokenSecret], previous: settings[AppSettings.pairingTokenSecretPrevious],
      stateDirectory: directory, random: SecureRandom())
    let store = try Self.open("\(directory)/tokens.db")
    self.context = context
    authority = TokenAuthority(
      keys: try KeyRing(current: secrets.current, previous: secrets.previous), store: store, time: context.time,
      defaultTimeToLive: settings[AppSettings.pairingTokenTTL])
    metrics = TokenMetrics(context.metrics, store: store)
    server = try RequestServer(try BusContext(context), .tokens, context: context)
    answer(IssuePairingToken.self, authority.issue)
    answer(IssueCoachToken.self, authority.issue)
    answer(ConfirmCoachKey.self, authority.confirm)
    answer(VerifyToken.self, authority.verify)
    answer(RedeemPairingToken.self, authority.redeem)
    answer(RedeemPairingCode.self, authority.redeem)
    answer(TakeBackRedemption.self, authority.takeBack)
    answer(RevokeTokens.self, authority.revoke)
    answer(RevokeCoachToken.self, authority.revoke)
    answer(ShutOutDevice.self, authority.shutOut)
    answer(WithdrawPairing.self, authority.withdraw)
    purge()
    context.loop.every(.seconds(5)) { [unowned self] in purge() }
  }

  private static func open(_ path: String) throws -> SQLiteTokenStore {
    do throws(StorageError) {
      return try SQLiteTokenStore(path: path, access: .exclusive)
    } catch {
      if error.code == .newerSchema { throw NewerDatabase(path: path, reason: error.description) }
      throw error
    }
  }

  private func answer<Request: BusRequest>(
    _: Request.Type, _ body: @escaping (Request) throws -> Request.Reply
  ) {
    let durations = metrics.durations(of: Request.name)
    server.handle(Request.self) { [unowned self] request in
      let start = context.time.now()
      defer { durations?.observe(Double(context.time.now() - start) / 1e6) }
      do {
        return try body(request)
      } catch let error as TokenError {
        metrics.count(error)
        throw error.serviceError
      }
    }
  }

  /// Expired tokens leave the store a minute after their expiry.
  private func purge() {
    do {
      let removed = try authority.purge()
      if removed > 0 { context.log.debug("expired_tokens_removed", (.count, removed)) }
    } catch {
      context.log.error("purge_failed", (.error, String(describing: error)))
    }
  }
}
