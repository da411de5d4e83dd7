import Timing

/// One answer for all who ask at about the same time, where asking is dear and open to strangers: at most one question is
/// under way, who comes meanwhile gets its answer, and one that may be kept is given out for a second.
///
/// Those who wait are open exchanges: no more than connections may be.
final class SharedAnswer<Answer> {
  typealias Completion = (Answer) -> Void

  /// Counted from when the question was put.
  static var lifetime: Duration { .seconds(1) }

  private let time: any TimeSource
  private let mayBeKept: (Answer) -> Bool
  private let ask: (@escaping Completion) -> Void
  private var kept: (answer: Answer, until: SessionTime)?
  private var waiting: [Completion] = []

  /// - Parameters:
  ///   - mayBeKept: whether an answer is given out again; one that is not is for those who waited for it.
  ///   - ask: puts the question; calls back once, now or later.
  init(
    time: any TimeSource, mayBeKept: @escaping (Answer) -> Bool = { _ in true },
    ask: @escaping (@escaping Completion) -> Void
  ) {
    self.time = time
    self.mayBeKept = mayBeKept
    self.ask = ask
  }

  func get(_ completion: @escaping Completion) {
    let now = time.now()
    if let kept, now < kept.until { return completion(kept.answer) }
    waiting.append(completion)
    guard waiting.count == 1 else { return }
    kept = nil
    ask { self.answered($0, askedAt: now) }
  }

  private func answered(_ answer: Answer, askedAt: SessionTime) {
    if mayBeKept(answer) { kept = (answer, askedAt.advanced(by: Self.lifetime)) }
    let served = waiting
    waiting = []
    for completion in served { completion(answer) }
  }
}
