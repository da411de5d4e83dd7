import Foundation
import Reconstruction
import Testing

@Suite struct TriangulatorTests {
  struct Reference: Decodable {
    let calibration: String
    let truth: [[Double]]
    let exact: [[[Double]]]
    let exactPlain: [[Double]]
    let noisy: [[[Double]]]
    let noisyPlain: [[Double]]
    let noisyPlainErrorPx: [Double]
    let noisyOptimum: [[Double]]
    let wrong: [[[Double]]]
    let wrongRansac: [[Double]]
  }

  let reference: Reference
  let cameras: [CameraModel]

  init() throws {
    reference = try ReferenceData.decode("triangulation.json")
    cameras = try CalibrationJSON.decode(Array(reference.calibration.utf8)).cameras
  }

  @Test func exactPointsComeBack() throws {
    let triangulator = Triangulator(cameras: cameras)
    for index in reference.truth.indices {
      let joint = try #require(triangulator.triangulate(sightings(reference.exact, index)))
      #expect(distance(joint.position, reference.truth[index]) < 1e-6)
      #expect(distance(joint.position, reference.exactPlain[index]) < 1e-6)
      #expect(joint.views == 4 && joint.reprojectionErrorPx < 1e-3 && joint.confidence == 1)
    }
  }

  @Test func noisyPointsAreTheOptimumAndNoWorseThanAniposelib() throws {
    var settings = Triangulator.Settings()
    // With a wide kernel the estimate is plain least squares, as in the reference.
    settings.kernelPx = 1e6
    let triangulator = Triangulator(cameras: cameras, settings: settings)
    var error = 0.0
    for index in reference.truth.indices {
      let joint = try #require(triangulator.triangulate(sightings(reference.noisy, index)))
      #expect(distance(joint.position, reference.noisyOptimum[index]) < 5e-5)
      #expect(distance(joint.position, reference.noisyPlain[index]) < 5e-3)
      error += joint.reprojectionErrorPx
    }
    #expect(error < reference.noisyPlainErrorPx.reduce(0, +) * 1.02)
  }

  @Test func oneWrongCameraIsFoundAndLeftOut() throws {
    let triangulator = Triangulator(cameras: cameras)
    for index in reference.truth.indices {
      let joint = try #require(triangulator.triangulate(sightings(reference.wrong, index)))
      #expect(distance(joint.position, reference.truth[index]) < 0.03)
      #expect(distance(joint.position, reference.wrongRansac[index]) < 0.04)
      #expect(joint.views == 3 && joint.confidence == 0.75)
    }
  }

  @Test func confidenceDecidesWhomToBelieve() throws {
    let triangulator = Triangulator(cameras: cameras)
    var seen = sightings(reference.exact, 0)
    seen[2].pixel += SIMD2(25, 0)
    let equal = try #require(triangulator.triangulate(seen))
    seen[2].confidence = 0.3
    let doubted = try #require(triangulator.triangulate(seen))
    #expect(distance(doubted.position, reference.truth[0]) < distance(equal.position, reference.truth[0]) / 3)
    seen[2].confidence = 0.1
    #expect(try #require(triangulator.triangulate(seen)).views == 3, "below the least confidence")
  }

  @Test func twoCamerasMustAgree() throws {
    let triangulator = Triangulator(cameras: Array(cameras.prefix(2)))
    var seen = sightings(reference.exact, 3)
    #expect(try #require(triangulator.triangulate(seen)).views == 2)
    // Across the epipolar line: nothing in the world can look like that.
    seen[1].pixel += SIMD2(0, 300)
    #expect(triangulator.triangulate(seen) == nil)
  }

  @Test func whatCannotBeKnownIsNil() throws {
    let triangulator = Triangulator(cameras: cameras)
    #expect(triangulator.triangulate(Sightings()) == nil)
    var single = Sightings()
    single[1] = sightings(reference.exact, 0)[1]
    #expect(triangulator.triangulate(single) == nil)
    for bad in [Double.nan, .infinity, -.infinity, 1e300] {
      var seen = Sightings()
      for camera in 0..<4 { seen[camera] = Sighting(pixel: SIMD2(bad, 100), confidence: 1) }
      #expect(triangulator.triangulate(seen) == nil)
      seen = sightings(reference.exact, 0)
      for camera in 0..<4 { seen[camera].confidence = bad }
      #expect(triangulator.triangulate(seen) == nil)
    }
    let place = SIMD3(4.0, 0, 1.8)
    let twins = Triangulator(cameras: [
      try TestRig.camera("a", at: place), try TestRig.camera("b", at: place + SIMD3(0, 0.02, 0)),
    ])
    var seen = Sightings()
    for (index, camera) in twins.cameras.enumerated() {
      seen[index] = Sighting(pixel: try #require(camera.project(SIMD3(0, 0.2, 1))), confidence: 1)
    }
    #expect(twins.triangulate(seen) == nil, "both cameras stand in one place")
  }

  @Test func eightCamerasWorkAsWell() throws {
    let rig = try TestRig.calibration(count: 8).cameras
    let point = SIMD3(0.2, -0.3, 1.2)
    var seen = Sightings()
    for (index, camera) in rig.enumerated() {
      seen[index] = Sighting(pixel: try #require(camera.project(point)), confidence: 0.9)
    }
    seen[6].pixel += SIMD2(500, 200)
    let joint = try #require(Triangulator(cameras: rig).triangulate(seen))
    #expect(joint.views == 7 && distance(joint.position, [0.2, -0.3, 1.2]) < 1e-6)
  }

  private func sightings(_ views: [[[Double]]], _ index: Int) -> Sightings {
    var result = Sightings()
    for (camera, points) in views.enumerated() {
      result[camera] = Sighting(pixel: SIMD2(points[index][0], points[index][1]), confidence: 1)
    }
    return result
  }

  private func distance(_ point: SIMD3<Double>, _ other: [Double]) -> Double {
    let difference = point - SIMD3(other[0], other[1], other[2])
    return dot(difference, difference).squareRoot()
  }
}
