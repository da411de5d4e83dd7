import Testing

@testable import PoseEstimation

/// Landmarks move to the centre of gravity of a confident heatmap nearby, and nowhere else.
struct HeatmapRefinementTests {
  private static let channel = 17

  private func refine(_ u: Float, _ v: Float, peaks: [(row: Int, column: Int, value: Float)]) -> (u: Float, v: Float) {
    var heatmap = [Float](repeating: -50, count: 64 * 64 * 39)
    for peak in peaks { heatmap[(peak.row * 64 + peak.column) * 39 + Self.channel] = peak.value }
    return heatmap.withUnsafeBufferPointer {
      HeatmapRefinement.refine(u: u, v: v, channel: Self.channel, heatmap: $0)
    }
  }

  @Test func movesToTheCentreOfGravity() {
    // Sure of two neighbouring cells alike.
    let refined = refine(20.4 / 64, 30.7 / 64, peaks: [(31, 21, 40), (31, 22, 40)])
    #expect(abs(refined.u - 21.5 / 64) < 1e-5)
    #expect(abs(refined.v - 31 / 64) < 1e-5)
  }

  @Test func reachesThreeCells() {
    let near = refine(20.5 / 64, 20.5 / 64, peaks: [(23, 17, 40)])
    #expect(abs(near.u - 17 / 64) < 1e-5 && abs(near.v - 23 / 64) < 1e-5)
    let far = refine(20.5 / 64, 20.5 / 64, peaks: [(24, 20, 40)])
    #expect(far == (20.5 / 64, 20.5 / 64))
  }

  @Test func leavesAnUnsureLandmark() {
    #expect(refine(0.5, 0.5, peaks: [(32, 33, -0.1)]) == (0.5, 0.5))
  }

  @Test func staysInsideAtTheEdges() {
    let corner = refine(0, 0, peaks: [(0, 1, 40)])
    #expect(abs(corner.u - 1 / 64) < 1e-5 && abs(corner.v) < 1e-5)
    let other = refine(63.9 / 64, 63.9 / 64, peaks: [(63, 62, 40)])
    #expect(abs(other.u - 62 / 64) < 1e-5)
  }

  @Test(arguments: [(1.5, 0.5), (0.5, -0.1), (.nan, 0.5), (.infinity, 0.5), (1e30, -1e30)] as [(Float, Float)])
  func leavesWhatLiesOutside(u: Float, v: Float) {
    let refined = refine(u, v, peaks: [(0, 0, 40), (32, 32, 40)])
    #expect(refined.u == u || u.isNaN && refined.u.isNaN)
    #expect(refined.v == v)
  }
}
