import Testing
import Timing

@testable import ApiFront

struct BodyLedgerTests {
  private final class Owner {}

  private func instant(_ seconds: Int64) -> SessionTime { SessionTime(microseconds: seconds * 1_000_000) }

  @Test func bodiesTakeNoMoreThanTheirMaximumTogether() throws {
    var ledger = BodyLedger<Owner>()
    let (a, b) = (Owner(), Owner())
    func reserve(_ byteCount: Int, of owner: Owner) -> Int? {
      ledger.reserve(byteCount, of: owner, until: instant(9), maximum: 100)
    }
    let first = try #require(reserve(60, of: a))
    #expect(reserve(41, of: b) == nil)
    #expect(reserve(40, of: b) != nil)
    ledger.release(first)
    ledger.release(first)
    #expect(reserve(61, of: a) == nil)
    #expect(reserve(60, of: a) != nil)
  }

  @Test func whoTakesTooLongIsFoundUntilItIsReleased() throws {
    var ledger = BodyLedger<Owner>()
    let (slow, quick) = (Owner(), Owner())
    let reservation = ledger.reserve(1, of: slow, until: instant(5), maximum: 100)
    _ = ledger.reserve(1, of: quick, until: instant(6), maximum: 100)
    #expect(ledger.overdue(at: instant(4)).isEmpty)
    #expect(ledger.overdue(at: instant(5)).map { $0 === slow } == [true])
    ledger.release(try #require(reservation))
    #expect(ledger.overdue(at: instant(5)).isEmpty)
  }
}
