import Testing

@testable import PoseEstimation

/// The anchors are those of MediaPipe's options.
struct AnchorTests {
  private let centres = AnchorGrid().centres

  @Test func countMatchesTheModelsOutput() {
    #expect(centres.count == 2254)
  }

  @Test func layersFollowOneAnother() {
    // 28×28 cells with two anchors, 14×14 with two, then the three layers of stride 32 share 7×7 cells with six.
    #expect(centres[0] == (0.5 / 28, 0.5 / 28))
    #expect(centres[1] == (0.5 / 28, 0.5 / 28))
    #expect(centres[2] == (1.5 / 28, 0.5 / 28))
    #expect(centres[2 * 28] == (0.5 / 28, 1.5 / 28))
    #expect(centres[2 * 28 * 28] == (0.5 / 14, 0.5 / 14))
    let coarse = 2 * (28 * 28 + 14 * 14)
    #expect(centres[coarse] == (0.5 / 7, 0.5 / 7))
    #expect(centres[coarse + 5] == (0.5 / 7, 0.5 / 7))
    #expect(centres[coarse + 6] == (1.5 / 7, 0.5 / 7))
    #expect(centres[2253] == (6.5 / 7, 6.5 / 7))
  }
}
