import Messages
import Runtime
import Timing

/// How often an address may knock: at the open pairing addresses, and with credentials that turn out wrong.
final class AddressLimits {
  private let proxies: TrustedProxies
  private let time: any TimeSource
  private var calls: RatePerAddress?
  private var refusals: RatePerAddress
  private(set) var refused = 0

  /// - Parameters:
  ///   - calls: of the pairing addresses; nil when the operator has turned that limit off.
  ///   - wrongCredentials: has no such switch: without it a key could be guessed for as long as it takes.
  init(
    calls: RatePerAddress?, wrongCredentials: RatePerAddress, proxies: TrustedProxies, time: any TimeSource
  ) {
    self.calls = calls
    refusals = wrongCredentials
    self.proxies = proxies
    self.time = time
  }

  convenience init(_ settings: Settings, proxies: TrustedProxies, time: any TimeSource) {
    let perMinute = settings[AppSettings.pairingRate]
    self.init(
      calls: perMinute > 0 ? RatePerAddress(perMinute: perMinute, burst: settings[AppSettings.pairingBurst]) : nil,
      wrongCredentials: RatePerAddress(
        perMinute: settings[AppSettings.credentialRate], burst: settings[AppSettings.credentialBurst]),
      proxies: proxies, time: time)
  }

  /// Counts a call of a limited route; an error if it is one too many.
  func refusal(of request: HTTPRequest, _ pace: Pace) -> ServiceError? {
    guard case .pairing(let cost) = pace, calls != nil, let client = client(of: request) else { return nil }
    return error(calls?.take(cost, from: client, at: time.now()))
  }

  /// Whether the address has sent so many wrong credentials that its next ones are not looked at.
  func refusalOfCredentials(of request: HTTPRequest) -> ServiceError? {
    guard let client = client(of: request) else { return nil }
    return error(refusals.check(of: client, at: time.now()))
  }

  func credentialsWereWrong(_ request: HTTPRequest) {
    guard let client = client(of: request) else { return }
    refusals.charge(to: client, at: time.now())
  }

  private func client(of request: HTTPRequest) -> ClientAddress? {
    proxies.client(peer: request.peer, forwardedFor: request.headers.forwardedFor)
  }

  private func error(_ decision: RatePerAddress.Decision?) -> ServiceError? {
    guard case .refused(let seconds) = decision else { return nil }
    refused += 1
    return .rateLimited(retryAfterSeconds: seconds)
  }
}

/// What a route counts for in the limit per address.
enum Pace: Equatable, Sendable {
  /// Not counted: a registered phone or the coach calls it as often as the work needs.
  case free
  /// A door that is open to strangers; `cost` is higher where a guess is worth more.
  case pairing(cost: Int)
}

extension ServiceError {
  static func rateLimited(retryAfterSeconds: Int) -> ServiceError {
    ServiceError(
      code: "rate_limited",
      message: "Too many requests came from this address. Wait \(retryAfterSeconds) s and try again.", status: 429,
      retryAfterSeconds: retryAfterSeconds)
  }
}
