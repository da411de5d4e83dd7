import Testing
import Timing

@testable import ApiFront

@Suite final class SharedAnswerTests {
  private let time = ManualTimeSource()
  private var asked: [(Int) -> Void] = []
  private var heard: [Int] = []
  private lazy var answer = SharedAnswer<Int>(
    time: time, mayBeKept: { $0 > 0 }, ask: { [unowned self] in asked.append($0) })

  private func get(_ times: Int = 1) {
    for _ in 0..<times { answer.get { [unowned self] in heard.append($0) } }
  }

  @Test func oneQuestionIsUnderWayHoweverManyAsk() {
    get(100)
    #expect(asked.count == 1 && heard.isEmpty)
    asked[0](7)
    #expect(heard == Array(repeating: 7, count: 100))
  }

  @Test func anAnswerIsGoodForASecondFromItsQuestion() {
    get()
    time.advance(by: .milliseconds(400))
    asked[0](7)
    time.advance(by: .milliseconds(599))
    get(2)
    #expect(asked.count == 1 && heard == [7, 7, 7])
    time.advance(by: .milliseconds(1))
    get(2)
    #expect(asked.count == 2 && heard.count == 3)
    asked[1](8)
    #expect(heard == [7, 7, 7, 8, 8])
  }

  /// Not ready is told to who asked meanwhile; the next one hears what is true then.
  @Test func whatMayNotBeKeptIsAskedForAgain() {
    get(2)
    asked[0](0)
    #expect(heard == [0, 0])
    get()
    #expect(asked.count == 2)
    asked[1](1)
    get()
    #expect(asked.count == 2 && heard == [0, 0, 1, 1])
  }

  @Test func anAnswerThatTookLongerThanItIsGoodForServesThoseWhoWaited() {
    get()
    time.advance(by: .seconds(5))
    get()
    asked[0](7)
    get()
    #expect(heard == [7, 7] && asked.count == 2)
  }

  @Test func whoAsksFromWithinAnAnswerGetsOne() {
    answer.get { [unowned self] _ in get() }
    asked[0](0)
    #expect(asked.count == 2 && heard.isEmpty)
    asked[1](3)
    #expect(heard == [3])
  }

  @Test func aDocumentIsMadeOnceAndKnownByItsTag() throws {
    var made = 0
    let document = KeptDocument {
      made += 1
      return .text("words", contentType: "text/plain")
    }
    let first = document.response(ifNoneMatch: nil)
    let tag = try #require(first.headers.first { $0.name == "ETag" }?.value)
    #expect(first.status == .ok && first.body.length == 5)
    #expect(document.response(ifNoneMatch: "\"other\"").status == .ok)
    let unchanged = document.response(ifNoneMatch: tag)
    #expect(unchanged.status == .notModified && unchanged.body.length == 0)
    #expect(unchanged.headers.contains { $0 == ("ETag", tag) })
    #expect(made == 1)
    // What went wrong has no tag by which it could be taken for the document.
    #expect(KeptDocument { .problem(.internalFault) }.response(ifNoneMatch: "*").status != .notModified)
  }
}
