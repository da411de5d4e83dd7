import Testing

@testable import StreamService

@Suite struct AssociationNumbersTests {
  @Test func noTwoPeersHaveTheSame() {
    var numbers = AssociationNumbers()
    let first = (0..<100).map { _ in numbers.take() }
    #expect(first == (0..<100).map { UInt16($0) })
  }

  @Test func oneThatWasGivenBackComesAsLateAsPossible() {
    var numbers = AssociationNumbers()
    let kept = numbers.take()
    for _ in 0..<1 << 16 {
      let next = numbers.take()
      #expect(next != nil && next != kept)
      if let next { numbers.giveBack(next) }
    }
    // The round is over: the first one is still kept, the second has come again.
    let again = numbers.take()
    #expect(again == 2)
  }

  @Test func whenAllAreTakenThereIsNone() {
    var numbers = AssociationNumbers()
    for _ in 0..<1 << 16 { _ = numbers.take() }
    let beyond = numbers.take()
    #expect(beyond == nil)
    numbers.giveBack(40_000)
    let free = numbers.take()
    #expect(free == 40_000)
  }
}
