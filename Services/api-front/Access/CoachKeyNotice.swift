import Bus
import Messages
import Runtime

/// Tells token-svc the coach's key of this run, until it has heard: if the operator has changed it, the browsers that were signed
/// in with the old one are signed out.
///
/// Sent before anything else is asked of token-svc, and so heard before a cookie is checked, unless token-svc was away then:
/// a browser may go on with the old key until the next notice.
final class CoachKeyNotice {
  private let tokens: RequestClient
  private let loop: EventLoop
  private let log: Log
  private let notice: ConfirmCoachKey
  private var pause = Duration.seconds(1)

  private static let longestPause = Duration.seconds(2)

  init(_ digest: String, tokens: RequestClient, _ context: ServiceContext) {
    self.tokens = tokens
    loop = context.loop
    log = context.log
    notice = ConfirmCoachKey(digest: digest)
    send()
  }

  private func send() {
    tokens.send(notice) { [weak self] result in
      guard let self else { return }
      switch result {
      case .success(let reply):
        if reply.revoked > 0 { log.info("coaches_signed_out", (.count, reply.revoked)) }
      case .failure:
        loop.after(pause) { [weak self] in self?.send() }
        pause = min(pause * 2, Self.longestPause)
      }
    }
  }
}
