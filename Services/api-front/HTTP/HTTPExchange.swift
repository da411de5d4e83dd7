import Messages
import Timing

/// A request being answered: what a handler holds on to until it knows the answer.
///
/// Answer once, from the loop's thread. A later answer, or one after the client has gone, is dropped.
final class HTTPExchange {
  let request: HTTPRequest
  let parameters: PathParameters
  /// When the request's last byte had arrived.
  let receivedAt: SessionTime
  /// When the client is told that it took too long.
  let deadline: SessionTime
  private var answer: ((HTTPResponse) -> Void)?

  init(
    _ request: HTTPRequest, parameters: PathParameters, receivedAt: SessionTime, deadline: SessionTime,
    answer: @escaping (HTTPResponse) -> Void
  ) {
    self.request = request
    self.parameters = parameters
    self.receivedAt = receivedAt
    self.deadline = deadline
    self.answer = answer
  }

  var isAnswered: Bool { answer == nil }

  func respond(_ response: HTTPResponse) {
    guard let answer else { return }
    self.answer = nil
    answer(response)
  }

  func fail(_ error: ServiceError) { respond(.problem(error)) }

  /// Nobody waits for the answer any more.
  func abandon() { answer = nil }
}
