import Messages
import Runtime

/// Takes back sessions that nobody was told of: session-svc is asked until it has done so, for some ten minutes. It may be
/// away just now, and that may be why the coach got no answer. What is under way ends with this process.
///
/// Belongs to the loop's thread.
final class Withdrawals {
  typealias Ask = (WithdrawSession, @escaping (Result<Done, ServiceError>) -> Void) -> Void

  /// Beyond it each is asked for once.
  static let maximumUnderWay = 256
  private static let maximumAttempts = 60
  private static let firstBackOff = Duration.milliseconds(500)
  private static let longestBackOff = Duration.seconds(10)

  private let loop: EventLoop
  private let log: Log
  private let ask: Ask
  private var underWay = 0

  init(loop: EventLoop, log: Log, ask: @escaping Ask) {
    self.loop = loop
    self.log = log
    self.ask = ask
  }

  /// - Parameters:
  ///   - attempt: of the `CreateSession` that has been answered, or will not be any more.
  ///   - then: called when session-svc was asked for the first time, whatever it said: the coach waits.
  func withdraw(_ attempt: String, then: @escaping () -> Void) {
    let mayGoOn = underWay < Self.maximumUnderWay
    underWay += 1
    proceed(
      WithdrawSession(attempt: attempt), attemptsLeft: mayGoOn ? Self.maximumAttempts - 1 : 0, Self.firstBackOff, then)
  }

  private func proceed(
    _ request: WithdrawSession, attemptsLeft: Int, _ backOff: Duration, _ then: (() -> Void)? = nil
  ) {
    ask(request) { [weak self] result in
      defer { then?() }
      guard let self else { return }
      guard case .failure(let error) = result else {
        underWay -= 1
        return
      }
      guard attemptsLeft > 0 else {
        underWay -= 1
        return log.error("session_not_withdrawn", (.code, error.code))
      }
      loop.after(backOff) { [weak self] in
        self?.proceed(request, attemptsLeft: attemptsLeft - 1, min(backOff * 2, Self.longestBackOff))
      }
    }
  }
}
