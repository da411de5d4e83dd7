import Testing
import Timing

@Suite struct UTCAnchorTests {
  private let anchor = UTCAnchor(
    sessionTime: SessionTime(microseconds: 1_000_000), utcMicroseconds: 1_795_593_600_000_007)

  /// The dates are GNU date's.
  @Test func instantsAreWrittenAsRFC3339() {
    #expect(anchor.rfc3339 == "2026-11-25T08:00:00.000007Z")
    #expect(anchor.rfc3339(at: SessionTime(microseconds: 61_249_993)) == "2026-11-25T08:01:00.250000Z")
    #expect(anchor.rfc3339(at: .zero) == "2026-11-25T07:59:59.000007Z")
  }

  @Test func absurdTimesAreTextToo() {
    let early = UTCAnchor(sessionTime: .zero, utcMicroseconds: 0)
    #expect(early.rfc3339(at: SessionTime(microseconds: -999_999)) == "1970-01-01T00:00:00.000000Z")
  }
}
