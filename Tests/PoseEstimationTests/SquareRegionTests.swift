import Foundation
import Testing

@testable import PoseEstimation

/// Regions map to frames and back, letterboxed and rotated.
struct SquareRegionTests {
  @Test(arguments: [(1280, 720), (720, 1280), (640, 640)]) func letterboxHoldsTheFrame(width: Int, height: Int) {
    let region = SquareRegion(letterboxing: width, height)
    #expect(region.side == Float(max(width, height)))
    #expect(region.rotation == 0)
    let middle = region.framePoint(0.5, 0.5)
    #expect(middle == FramePoint(x: Float(width) / 2, y: Float(height) / 2))
    // A bar is half of what the shorter side lacks.
    let corner = region.regionPoint(FramePoint(x: 0, y: 0))
    #expect(abs(corner.u - Float(max(width, height) - width) / 2 / region.side) < 1e-6)
    #expect(abs(corner.v - Float(max(width, height) - height) / 2 / region.side) < 1e-6)
  }

  @Test(arguments: [0, 0.3, -1.2, 3.1] as [Float]) func pointsComeBack(rotation: Float) {
    let region = SquareRegion(centreX: 300, centreY: 500, side: 640, rotation: rotation)
    for (u, v) in [(0, 0), (1, 0), (0.25, 0.75), (1.2, -0.3)] as [(Float, Float)] {
      let back = region.regionPoint(region.framePoint(u, v))
      #expect(abs(back.u - u) < 1e-5)
      #expect(abs(back.v - v) < 1e-5)
    }
  }

  @Test func uprightPersonGivesAnUprightRegion() {
    let region = SquareRegion(
      around: AlignmentPoints(hips: FramePoint(x: 360, y: 700), top: FramePoint(x: 360, y: 300)))
    #expect(abs(region.rotation) < 1e-6)
    #expect(region.centreX == 360)
    #expect(region.centreY == 700)
    #expect(abs(region.side - 1000) < 1e-3, "twice the distance and a quarter more")
  }

  /// Whatever way the person lies, the model sees the head up.
  @Test(arguments: 0..<12) func personStandsUprightInTheRegion(twelfth: Int) {
    let angle = Float(twelfth) * .pi / 6
    let hips = FramePoint(x: 400, y: 400)
    let top = FramePoint(x: hips.x + 200 * sin(angle), y: hips.y - 200 * cos(angle))
    let region = SquareRegion(around: AlignmentPoints(hips: hips, top: top))
    let seen = region.regionPoint(top)
    #expect(abs(seen.u - 0.5) < 1e-5)
    #expect(abs(seen.v - (0.5 - 200 / region.side)) < 1e-5)
    #expect(abs(region.rotation) <= .pi + 1e-5)
  }

  @Test func whatAModelMightSayIsNotAlwaysUsable() {
    func around(_ x: Float, _ y: Float) -> SquareRegion {
      SquareRegion(around: AlignmentPoints(hips: FramePoint(x: 1, y: 1), top: FramePoint(x: x, y: y)))
    }
    #expect(around(100, 200).isUsable)
    #expect(!around(1, 1).isUsable, "no extent")
    #expect(!around(.nan, 3).isUsable)
    #expect(!around(.infinity, 3).isUsable)
    #expect(!around(1e9, 3).isUsable)
  }
}
