import Testing

@testable import ApiFront

@Suite struct QRCodeTests {
  @Test func isASquareWithAQuietZone() throws {
    let svg = try #require(QRCode.svg("https://192.168.1.10:5050/pair?token=abc"))
    // Version 3 has 29 modules a side, and 4 are left free on each.
    #expect(svg.contains(#"viewBox="0 0 37 37""#))
    #expect(svg.contains(#"fill="white""#) && svg.contains(#"fill="black""#))
    #expect(svg.contains("crispEdges"))
    // The finder pattern's upper edge: seven dark modules right after the quiet zone.
    #expect(svg.contains("M4 4h7v1h-7z"))
  }

  @Test func drawsNothingInTheQuietZone() throws {
    let svg = try #require(QRCode.svg(String(repeating: "x", count: 500)))
    let side = try #require(svg.split(separator: "\"").first { $0.hasPrefix("0 0 ") }?.split(separator: " ").last)
    let limit = try #require(Int(side)) - QRCode.quietZone
    let path = try #require(svg.split(separator: " d=\"").last?.split(separator: "\"").first)
    for run in path.split(separator: "M") {
      let numbers = run.split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) }
      #expect(numbers.count == 5 || numbers.count == 4)
      #expect(numbers[0] >= QRCode.quietZone && numbers[1] >= QRCode.quietZone)
      #expect(numbers[0] + numbers[2] <= limit && numbers[1] < limit)
    }
  }

  @Test func tooMuchTextIsRefused() {
    #expect(QRCode.svg(String(repeating: "x", count: 4000)) == nil)
  }
}
