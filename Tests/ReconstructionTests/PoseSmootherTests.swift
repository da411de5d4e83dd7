import Glibc
import Messages
import Reconstruction
import Testing
import Timing

@Suite struct PoseSmootherTests {
  @Test(arguments: 1...20) func restIsCalmedAndMotionIsFollowed(seed: Int) {
    var smoother = PoseSmoother()
    var random = LinearCongruentialGenerator(state: UInt64(seed))
    var (noisePower, restPower) = (0.0, 0.0)
    for frame in 0..<90 {
      let noise = Float.random(in: -0.01...0.01, using: &random)
      let rest = smoother.smoothed(pose(frame, x: noise)).joints[0].x
      guard frame > 30 else { continue }
      noisePower += Double(noise * noise)
      restPower += Double(rest * rest)
    }
    #expect(restPower < 0.4 * noisePower)
    var lag: Float = 0
    for frame in 90..<120 {
      // 6 m/s: a fast arm.
      let x = Float(frame - 90) * 0.2
      lag = x - smoother.smoothed(pose(frame, x: x)).joints[0].x
    }
    #expect(lag >= 0 && lag < 0.06)
  }

  @Test func missingJointsStayMissingAndABreakStartsAnew() {
    var smoother = PoseSmoother()
    _ = smoother.smoothed(pose(0, x: 0))
    #expect(smoother.smoothed(pose(60, x: 5)).joints[0].x == 5)
    #expect(smoother.smoothed(pose(61, x: 5)).joints[1] == .missing)
  }

  private func pose(_ frame: Int, x: Float) -> Pose3D {
    var joints = [Pose3D.Joint](repeating: .missing, count: PoseLandmark.count)
    joints[0] = Pose3D.Joint(x: x, y: 0, z: 1, confidence: 1, reprojectionErrorPx: 1, views: 4)
    return Pose3D(
      session: TestTake.session, time: SessionTime(microseconds: Int64(frame) * 33_333),
      clockErrorBoundMicroseconds: 0, cameras: 4, joints: joints)
  }
}
