import Testing

@testable import PoseEstimation

struct OneEuroFilterTests {
  @Test func keepsTheFirstValue() {
    var filter = OneEuroFilter(.init(minimumCutoff: 1, beta: 0, speedCutoff: 1))
    #expect(filter.apply(7, after: 1, scale: 1) == 7)
  }

  @Test func isALowPassWithoutBeta() {
    var filter = OneEuroFilter(.init(minimumCutoff: 1, beta: 0, speedCutoff: 1))
    _ = filter.apply(0, after: 1, scale: 1)
    // 1 / (1 + 1 / (2π · 1 Hz · 0.1 s))
    #expect(abs(filter.apply(1, after: 0.1, scale: 1) - 0.38587) < 1e-4)
  }

  @Test func yieldsToSpeedRelativeToSize() {
    func response(scale: Double) -> Float {
      var filter = OneEuroFilter(.init(minimumCutoff: 0.01, beta: 10, speedCutoff: 1))
      _ = filter.apply(0, after: 1, scale: scale)
      return filter.apply(100, after: 1 / 30, scale: scale)
    }
    #expect(response(scale: 1) > 99)
    #expect(response(scale: 1 / 800) < response(scale: 1 / 100))
    #expect(response(scale: 1e-9) < 1)
  }
}
