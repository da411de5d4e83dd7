import Testing

@testable import EdgeGateway

@Suite struct PercentilesTests {
  @Test func agreesWithSorting() {
    var percentiles = Percentiles(step: 0.5, limit: 1000)
    let values = (0..<1001).map { Double(($0 * 7919) % 1001) }
    for value in values { percentiles.add(value) }
    #expect((percentiles.value(at: 0.5)! - 500).magnitude <= 1)
    #expect((percentiles.value(at: 0.95)! - 950).magnitude <= 1)
  }

  @Test func oddNumbersDoNoHarm() {
    var percentiles = Percentiles(step: 1, limit: 10)
    #expect(percentiles.value(at: 0.5) == nil)
    for value in [Double.nan, .infinity, -.infinity] { percentiles.add(value) }
    #expect(percentiles.total == 0)
    percentiles.add(-5)
    #expect(percentiles.value(at: 0.5) == 0.5)
    percentiles.add(1e300)
    percentiles.add(1e300)
    #expect(percentiles.value(at: 0.5) == 10.5)
  }
}
