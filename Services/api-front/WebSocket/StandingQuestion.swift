import Messages

/// A question that is put again and again, one at a time: is this phone still welcome? Put meanwhile, it follows at once,
/// because an answer under way may be older than what made somebody ask.
final class StandingQuestion {
  typealias Question = (_ completion: @escaping (Result<Void, ServiceError>) -> Void) -> Void

  private let question: Question
  private let refused: (ServiceError) -> Void
  private var isUnderWay = false
  private var isWantedAgain = false

  /// - Parameter refused: called for each refusal; who cannot answer now has not refused.
  init(_ question: @escaping Question, refused: @escaping (ServiceError) -> Void) {
    self.question = question
    self.refused = refused
  }

  func put() {
    guard !isUnderWay else {
      isWantedAgain = true
      return
    }
    isUnderWay = true
    question { [weak self] in self?.answered($0) }
  }

  private func answered(_ result: Result<Void, ServiceError>) {
    isUnderWay = false
    if case .failure(let error) = result, error.status < 500 { refused(error) }
    if isWantedAgain {
      isWantedAgain = false
      put()
    }
  }
}
