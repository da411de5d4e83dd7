import Messages
import Reconstruction
import Testing
import Timing

@Suite struct PoseTriangulatorTests {
  static let mirror: [Int] = {
    var order = Array(0..<PoseLandmark.count)
    for limb in [[(1, 4), (2, 5), (3, 6), (7, 8), (9, 10)], (5...15).map { (2 * $0 + 1, 2 * $0 + 2) }] {
      for (left, right) in limb { order.swapAt(left, right) }
    }
    return order
  }()

  /// A person with arms and legs apart, metres.
  static func joint(_ index: Int) -> SIMD3<Double> {
    let side = mirror[index] == index ? 0.0 : (mirror[index] > index ? 0.3 : -0.3)
    return SIMD3(0.1, side, 1.7 - 0.05 * Double(index / 2))
  }

  /// What the cameras of `rig` see, in pictures of `size`; those in `confused` take left for right.
  private func set(
    _ rig: Calibration, size: PixelSize = PixelSize(width: 1080, height: 1920), confused: Set<Int> = []
  ) throws -> AlignedSet {
    AlignedSet(
      time: SessionTime(microseconds: 7), clockErrorBoundMicroseconds: 300,
      views: try rig.cameras.enumerated().map { index, camera in
        let model = try camera.scaled(to: size)
        let joints = try (0..<PoseLandmark.count).map { landmark in
          let shown = confused.contains(index) ? Self.mirror[landmark] : landmark
          let pixel = try #require(model.project(Self.joint(shown)))
          return Observation2D.Joint(x: Float(pixel.x + 0.5), y: Float(pixel.y + 0.5), confidence: 0.9)
        }
        return AlignedView(device: DeviceID(camera.name)!, size: size, joints: joints, distanceMicroseconds: 0)
      })
  }

  private func worstError(_ pose: Pose3D) -> Double {
    pose.joints.enumerated().map { index, joint in
      let difference = SIMD3(Double(joint.x), Double(joint.y), Double(joint.z)) - Self.joint(index)
      return joint.views > 0 ? dot(difference, difference).squareRoot() : .infinity
    }.max() ?? .infinity
  }

  @Test func picturesOfAnySizeGiveTheSamePose() throws {
    let rig = try TestRig.calibration(count: 4)
    var triangulator = PoseTriangulator(calibration: rig)
    for (width, scale) in [(1080, 1.0), (720, 1.5), (540, 2.0), (1080, 1.0)] {
      let size = PixelSize(width: width, height: width * 16 / 9)
      let result = triangulator.pose(of: try set(rig, size: size), session: TestTake.session)
      let pose = try #require(result.pose)
      #expect(worstError(pose) < 1e-3 && pose.cameras == 4 && pose.clockErrorBoundMicroseconds == 300)
      #expect((result.calibrationScale - scale).magnitude < 1e-12 && result.fault == nil)
    }
  }

  @Test func oneConfusedCameraOfThreeOrFourIsPutRight() throws {
    for count in 3...4 {
      let rig = try TestRig.calibration(count: count)
      for confused in 0..<count {
        var triangulator = PoseTriangulator(calibration: rig)
        let result = triangulator.pose(of: try set(rig, confused: [confused]), session: TestTake.session)
        let pose = try #require(result.pose)
        #expect(worstError(pose) < 1e-3, "camera \(confused) of \(count)")
        #expect(pose.joints.allSatisfy { Int($0.views) == count })
      }
    }
  }

  @Test func everybodyConfusedAlikeIsBelieved() throws {
    let rig = try TestRig.calibration(count: 4)
    var triangulator = PoseTriangulator(calibration: rig)
    let pose = try #require(
      triangulator.pose(of: try set(rig, confused: [0, 1, 2, 3]), session: TestTake.session).pose)
    #expect((Double(pose.joints[11].y) - Self.joint(12).y).magnitude < 1e-3)
  }

  @Test func strangersAndUnfitPicturesCostTheirViewOnly() throws {
    let rig = try TestRig.calibration(count: 4)
    let whole = try set(rig)
    let three = try Calibration(cameras: Array(rig.cameras.prefix(3)))
    var triangulator = PoseTriangulator(calibration: three)
    let result = triangulator.pose(of: whole, session: TestTake.session)
    #expect(result.unknownDevices == 1 && result.pose?.cameras == 3)
    let turned = AlignedView(
      device: whole.views[0].device, size: PixelSize(width: 1920, height: 1080), joints: whole.views[0].joints,
      distanceMicroseconds: 0)
    let mixed = AlignedSet(
      time: whole.time, clockErrorBoundMicroseconds: 0, views: [turned] + whole.views.dropFirst().prefix(2))
    let unfit = triangulator.pose(of: mixed, session: TestTake.session)
    #expect(unfit.fault?.code == "calibration_aspect_mismatch" && unfit.pose?.cameras == 2)
    let lonely = AlignedSet(time: whole.time, clockErrorBoundMicroseconds: 0, views: [turned, whole.views[1]])
    #expect(triangulator.pose(of: lonely, session: TestTake.session).pose == nil)
  }
}
