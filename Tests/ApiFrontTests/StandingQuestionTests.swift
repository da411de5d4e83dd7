import Messages
import Testing

@testable import ApiFront

/// Somebody who answers when the test says so.
private final class Asked {
  private(set) var count = 0
  private var completion: ((Result<Void, ServiceError>) -> Void)?

  func ask(_ completion: @escaping (Result<Void, ServiceError>) -> Void) {
    count += 1
    self.completion = completion
  }

  func answer(_ result: Result<Void, ServiceError>) {
    let waiting = completion
    completion = nil
    waiting?(result)
  }
}

@Suite struct StandingQuestionTests {
  private let away = ServiceError.timedOut("token-svc")
  private let removed = ServiceError(code: "device_removed", message: "The coach removed this phone.", status: 403)

  @Test func oneAtATimeAndWhatCameMeanwhileIsAskedAfterwards() {
    let asked = Asked()
    var refusals: [ServiceError] = []
    let question = StandingQuestion(asked.ask) { refusals.append($0) }
    question.put()
    question.put()
    question.put()
    #expect(asked.count == 1)
    // This answer may be older than what made somebody ask the second time.
    asked.answer(.success(()))
    #expect(asked.count == 2)
    asked.answer(.failure(removed))
    #expect(asked.count == 2)
    #expect(refusals == [removed])
  }

  @Test func whoCannotAnswerHasNotRefused() {
    let asked = Asked()
    var refusals: [ServiceError] = []
    let question = StandingQuestion(asked.ask) { refusals.append($0) }
    question.put()
    asked.answer(.failure(away))
    #expect(refusals.isEmpty)
    question.put()
    asked.answer(.failure(removed))
    #expect(refusals == [removed])
  }

  @Test func nobodyIsToldWhenTheAskerIsGone() {
    let asked = Asked()
    var refusals: [ServiceError] = []
    do {
      let question = StandingQuestion(asked.ask) { refusals.append($0) }
      question.put()
    }
    asked.answer(.failure(removed))
    #expect(refusals.isEmpty)
  }
}
