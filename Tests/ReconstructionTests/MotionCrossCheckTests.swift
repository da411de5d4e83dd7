import Foundation
import Glibc
import Messages
import Reconstruction
import Testing
import Timing

/// Time shifts between cameras, found from the motion: against shifts that were put in.
@Suite struct MotionCrossCheckTests {
  private static let period: Int64 = 33_333

  /// A person whose limbs swing, each at its own pace: where a joint is at a true instant, metres.
  private func joint(_ index: Int, at seconds: Double) -> SIMD3<Double> {
    let pace = 2 * Double.pi * (0.5 + 0.07 * Double(index % 9))
    let reach = index < 11 ? 0.03 : 0.25
    return SIMD3(
      0.02 * Double(index) - 0.3 + reach * sin(pace * seconds), 0.1 + reach * cos(0.8 * pace * seconds),
      0.05 * Double(index) + 0.1 + 0.5 * reach * sin(1.3 * pace * seconds + Double(index)))
  }

  /// Sets of cameras whose claimed times are late by `shifts`, seconds.
  private func sets(
    _ calibration: Calibration, shifts: [Double], seconds: Double, noisePx: Double, stillness: Bool = false
  ) -> [AlignedSet] {
    var random = Noise()
    return (0..<Int(seconds * 1e6 / Double(Self.period))).map { index in
      let time = Int64(index) * Self.period
      let views = zip(calibration.cameras, shifts).map { camera, shift in
        AlignedView(
          device: DeviceID(camera.name)!, size: camera.imageSize,
          joints: (0..<PoseLandmark.count).map { joint in
            let place = self.joint(joint, at: stillness ? 0 : Double(time) / 1e6 - shift)
            let pixel = camera.project(place)! + 0.5 + SIMD2(random.next(), random.next()) * noisePx
            return Observation2D.Joint(x: Float(pixel.x), y: Float(pixel.y), confidence: 0.9)
          }, distanceMicroseconds: 0)
      }
      return AlignedSet(
        time: SessionTime(microseconds: 1_000_000 + time), clockErrorBoundMicroseconds: 500, views: views)
    }
  }

  private func check(_ calibration: Calibration, _ sets: [AlignedSet], block: Duration = .seconds(2)) -> [TimeShift] {
    var check = MotionCrossCheck(calibration: calibration, blockLength: block, minimumBlocks: 2)
    for set in sets { check.add(set) }
    return check.shifts
  }

  @Test(arguments: [2, 3, 4]) func shiftsThatWerePutInAreFound(cameras: Int) throws {
    let calibration = try TestRig.calibration(count: cameras)
    let put = [0.004, -0.009, 0.012, -0.007].prefix(cameras)
    let mean = put.reduce(0, +) / Double(cameras)
    let found = check(calibration, sets(calibration, shifts: Array(put), seconds: 20, noisePx: 3))
    #expect(found.count == cameras)
    for (shift, truth) in zip(found, put) {
      let error = (shift.microseconds - (truth - mean) * 1e6).magnitude
      #expect(error < 1000, "\(shift.device) is off by \(error) µs")
      #expect(error < 4 * shift.standardErrorMicroseconds + 300)
      #expect(shift.standardErrorMicroseconds < 1000)
      if (truth - mean).magnitude > 0.003 {
        #expect(shift.contradicts(clockErrorBoundMicroseconds: 500))
      }
    }
  }

  @Test func clocksThatAreRightAreNotContradicted() throws {
    let calibration = try TestRig.calibration(count: 4)
    let found = check(calibration, sets(calibration, shifts: [0, 0, 0, 0], seconds: 20, noisePx: 5))
    #expect(found.count == 4)
    for shift in found {
      #expect(shift.microseconds.magnitude < 1000)
      #expect(!shift.contradicts(clockErrorBoundMicroseconds: 500))
    }
  }

  @Test func aPersonWhoStandsStillTellsNothing() throws {
    let calibration = try TestRig.calibration(count: 4)
    let found = check(
      calibration, sets(calibration, shifts: [0, 0, 0.02, 0], seconds: 20, noisePx: 5, stillness: true))
    for shift in found { #expect(!shift.contradicts(clockErrorBoundMicroseconds: 500)) }
  }

  @Test func withoutPicturesNothingIsSaid() throws {
    let calibration = try TestRig.calibration(count: 2)
    #expect(check(calibration, []).isEmpty)
    #expect(check(calibration, sets(calibration, shifts: [0, 0.01], seconds: 1, noisePx: 1)).isEmpty)
  }

  /// MediaPipe's landmarks of an athlete, 60 frames a second, four cameras with one clock: one of them is shifted.
  @Test func realFootageShowsAShift() throws {
    let reference = try ReferenceData.decode("footage.json", as: FootageTests.Reference.self)
    let calibration = try CalibrationJSON.decode(Array(reference.calibration.utf8))
    let landmarks = try calibration.cameras.map { camera in try FootageLandmarks(camera: camera.name).tracking }
    func sets(shifted camera: Int, by frames: Double) -> [AlignedSet] {
      (2..<(landmarks[0].count - 2)).map { frame in
        AlignedSet(
          time: SessionTime(microseconds: 1_000_000 + Int64(Double(frame) * 1e6 / 60)), clockErrorBoundMicroseconds: 0,
          views: landmarks.indices.map { index in
            let at = Double(frame) - (index == camera ? frames : 0)
            let (before, share) = (Int(at.rounded(.down)), Float(at - at.rounded(.down)))
            let joints = zip(landmarks[index][before], landmarks[index][before + 1]).map { first, second in
              Observation2D.Joint(
                x: Float(first[0]) * (1 - share) + Float(second[0]) * share,
                y: Float(first[1]) * (1 - share) + Float(second[1]) * share, confidence: Float(min(first[2], second[2]))
              )
            }
            return AlignedView(
              device: DeviceID(calibration.cameras[index].name)!, size: PixelSize(width: 720, height: 1280),
              joints: joints, distanceMicroseconds: 0)
          })
      }
    }
    let asFilmed = check(calibration, sets(shifted: 0, by: 0), block: .milliseconds(650))
    #expect(asFilmed.count == 4)
    for shift in asFilmed {
      #expect(shift.microseconds.magnitude < 6000)
      #expect(!shift.contradicts(clockErrorBoundMicroseconds: 1000), "\(shift)")
    }
    for camera in 0..<4 {
      // 10 ms; the mean of the four moves by a quarter of it.
      let shifted = check(calibration, sets(shifted: camera, by: 0.6), block: .milliseconds(650))
      #expect(shifted.count == 4)
      for (index, (before, after)) in zip(asFilmed, shifted).enumerated() {
        let expected = index == camera ? 7500.0 : -2500
        #expect((after.microseconds - before.microseconds - expected).magnitude < 4500, "\(camera): \(before) \(after)")
      }
    }
  }
}

/// The committed landmarks that the pose tests are held against.
private struct FootageLandmarks: Decodable {
  /// Frame, landmark, (x, y, visibility); pixels of a picture 720 × 1280.
  let tracking: [[[Double]]]

  init(camera: String) throws {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let file = tests.appending(path: "PoseEstimationTests/Reference/\(camera).json")
    self = try JSONDecoder().decode(Self.self, from: try Data(contentsOf: file))
  }
}

/// Evenly spread over a normal-like hump: the sum of four draws. The same numbers every time.
private struct Noise {
  private var state: UInt64 = 7

  mutating func next() -> Double {
    var sum = 0.0
    for _ in 0..<4 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      sum += Double(state >> 11) / Double(1 << 53) - 0.5
    }
    return sum * 1.732
  }
}
