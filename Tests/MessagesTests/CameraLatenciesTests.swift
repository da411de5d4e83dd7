import Messages
import Testing

struct CameraLatenciesTests {
  @Test func modelsMayHaveCommasAndColons() throws {
    let latencies = try #require(CameraLatencies("Pixel 7:38, iPhone14,2:22.5 ,SM-S911B: 0,odd: name:7"))
    #expect(latencies.microseconds(of: "Pixel 7") == 38_000)
    #expect(latencies.microseconds(of: " pixel 7 ") == 38_000)
    #expect(latencies.microseconds(of: "iPhone14,2") == 22_500)
    #expect(latencies.microseconds(of: "SM-S911B") == 0)
    #expect(latencies.microseconds(of: "odd: name") == 7000)
  }

  @Test func modelsThatAreNotListedAreNotTouched() throws {
    let latencies = try #require(CameraLatencies("Pixel 7:38"))
    for model in ["Pixel 7 Pro", "Pixel", "", "7"] { #expect(latencies.microseconds(of: model) == 0) }
    #expect(latencies.microseconds(of: nil) == 0)
    #expect(CameraLatencies("") == CameraLatencies.none)
    #expect(CameraLatencies.none.microseconds(of: "Pixel 7") == 0)
  }

  @Test(arguments: [
    "Pixel 7", "Pixel 7:", "Pixel 7:late", "Pixel 7:-3", "Pixel 7:1000.1", "Pixel 7:1e2", "Pixel 7:nan", ":38",
    "Pixel 7:38,Pixel 8", "Pixel 7:38,pixel 7:39", "a,b",
  ])
  func whatMakesNoSenseIsRefused(text: String) { #expect(CameraLatencies(text) == nil) }
}
