import Messages
import Runtime
import Timing

/// Tells the operator, and tools that close the door to an address, who signs in and who tries to: never with what.
final class CredentialLog {
  /// How often `report` is to be called.
  static let period = Duration.seconds(10)

  private let proxies: TrustedProxies
  private let time: any TimeSource
  private let log: Log
  private var refusals = CredentialRefusals()
  private(set) var refused = 0

  init(proxies: TrustedProxies, time: any TimeSource, log: Log) {
    self.proxies = proxies
    self.time = time
    self.log = log
  }

  func refused(_ request: HTTPRequest) {
    refused += 1
    guard let source = source(of: request) else { return }
    if let notice = refusals.note(source, at: time.now()) { tell(notice) }
  }

  /// Counts what was answered to a pairing token or a typed code, if that was a wrong one.
  func answered<Reply>(_ result: Result<Reply, ServiceError>, to request: HTTPRequest) {
    guard case .failure(let error) = result, error.isOfWrongInvitation else { return }
    refused(request)
  }

  func coachSignedIn(_ request: HTTPRequest) {
    log.info("coach_signed_in", (.address, source(of: request)?.description ?? "unknown"))
  }

  func report() {
    for notice in refusals.due(at: time.now()) { tell(notice) }
  }

  private func tell(_ notice: CredentialRefusals.Notice) {
    log.warning("credentials_refused", (.address, notice.address?.description ?? "others"), (.count, notice.count))
  }

  private func source(of request: HTTPRequest) -> IPAddress? {
    proxies.source(peer: request.peer, forwardedFor: request.headers.forwardedFor)
  }
}

extension ServiceError {
  /// A token that opens nothing, or a code that is nobody's. One that cannot be a code is a slip, and while too many wrong
  /// ones are typed nobody's is looked at, so that who is told so may have typed the right one.
  fileprivate var isOfWrongInvitation: Bool { status == 401 || code == "pairing_code_unknown" }
}
