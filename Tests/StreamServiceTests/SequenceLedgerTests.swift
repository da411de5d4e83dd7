import Testing

@testable import StreamService

@Suite("Sequence ledger")
struct SequenceLedgerTests {
  private func recorded(_ numbers: some Sequence<UInt32>) -> SequenceLedger {
    var ledger = SequenceLedger()
    for number in numbers {
      #expect(ledger.accept(number) == nil)
      ledger.markRecorded(number)
    }
    return ledger
  }

  @Test func acknowledgesUpToTheFirstGap() {
    var ledger = recorded([1, 2, 3, 5, 6])
    #expect(ledger.acknowledged == 3)
    #expect(ledger.nextWanted == 4)
    #expect(ledger.missing == 1)
    #expect(ledger.lost == 0, "it may still come")
    _ = ledger.accept(4)
    #expect(ledger.acknowledged == 3)
    #expect(ledger.missing == 0)
    ledger.markRecorded(4)
    #expect(ledger.acknowledged == 6)
  }

  @Test func duplicatesAreRefusedInFlightAndOnDisk() {
    var ledger = recorded(1...3)
    #expect(ledger.accept(2) == .duplicate)
    #expect(ledger.accept(4) == nil)
    #expect(ledger.accept(4) == .duplicate)
    ledger.markFailed(4)
    #expect(ledger.accept(4) == nil)
  }

  @Test func numbersFarAheadAreRefused() {
    var ledger = recorded(1...3)
    #expect(ledger.accept(4 + SequenceLedger.maximumLead) == .tooFarAhead(limit: SequenceLedger.maximumLead))
    #expect(ledger.accept(3 + SequenceLedger.maximumLead) == nil)
  }

  @Test func givenUpNumbersAreNotWaitedFor() {
    var ledger = recorded([1, 2, 7])
    ledger.giveUp(3...4)
    #expect(ledger.acknowledged == 4)
    #expect(ledger.lost == 2)
    ledger.phoneHolds(from: 6)
    #expect(ledger.acknowledged == 5)
    ledger.phoneHolds(from: nil)
    #expect(ledger.acknowledged == 7)
    #expect(ledger.missing == 4)
    // One that comes after all is recorded.
    #expect(ledger.accept(4) == nil)
    ledger.markRecorded(4)
    #expect(ledger.missing == 3)
    #expect(ledger.lost == 3)
  }

  @Test func givingUpDoesNotAcknowledgeWhatIsOnItsWay() {
    var ledger = recorded(1...2)
    #expect(ledger.accept(4) == nil)
    ledger.giveUp(1...5)
    #expect(ledger.acknowledged == 3)
    ledger.markRecorded(4)
    #expect(ledger.acknowledged == 5)
  }

  /// Dropped while this service was away: it has never seen these numbers.
  @Test func aPhoneMayStartBeyondWhatWasSeen() {
    var ledger = recorded(1...2)
    ledger.phoneHolds(from: 10)
    #expect(ledger.nextWanted == 10)
    #expect(ledger.accept(10) == nil)
    ledger.markRecorded(10)
    #expect(ledger.acknowledged == 10)
  }

  @Test func gapsAreBounded() {
    var ledger = SequenceLedger()
    for number in 1...UInt32(SequenceLedger.maximumRanges) {
      #expect(ledger.accept(number * 2) == nil)
      ledger.markRecorded(number * 2)
    }
    #expect(ledger.accept(UInt32(SequenceLedger.maximumRanges) * 2 + 2) == .tooManyGaps)
    #expect(ledger.accept(3) == nil)
  }

  @Test func behavesLikeASet() {
    var set = SequenceSet()
    var model: Set<UInt32> = []
    var state: UInt32 = 12345
    for _ in 0..<5000 {
      state = state &* 1_664_525 &+ 1_013_904_223
      let number = state >> 24
      switch state & 3 {
      case 0:
        set.remove(number)
        model.remove(number)
      case 1:
        let end = min(number + (state >> 8) & 7, 255)
        set.formUnion(number...end)
        model.formUnion(number...end)
      default:
        #expect(set.insert(number) == model.insert(number).inserted)
      }
      #expect(set.count == model.count)
    }
    for number in UInt32(0)...256 { #expect(set.contains(number) == model.contains(number)) }
    for (a, b) in zip(set.ranges, set.ranges.dropFirst()) { #expect(a.upperBound + 1 < b.lowerBound) }
  }
}
