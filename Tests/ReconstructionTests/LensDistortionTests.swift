import Reconstruction
import Testing

@Suite struct LensDistortionTests {
  struct Case: Decodable {
    let coefficients: [Double]
    let ideal: [[Double]]
    let imaged: [[Double]]
    let undistorted: [[Double]]
  }

  @Test func agreesWithOpenCV() throws {
    let cases = try ReferenceData.decode("lens.json", as: [Case].self)
    #expect(cases.count == 4)
    for reference in cases {
      let lens = try #require(LensDistortion(coefficients: reference.coefficients))
      for (index, imaged) in reference.imaged.enumerated() {
        let ideal = reference.ideal[index]
        let distorted = lens.distorted(SIMD2(ideal[0], ideal[1]))
        #expect(distance(distorted, imaged) < 1e-12)
        let back = try #require(lens.undistorted(SIMD2(imaged[0], imaged[1])))
        #expect(distance(back, reference.undistorted[index]) < 5e-8)
      }
    }
  }

  @Test func refusesPointsOutsideTheFieldOfAStrongLens() {
    let fold = LensDistortion(k1: -0.4)
    #expect(fold.undistorted(SIMD2(2, 2)) == nil)
    #expect(fold.undistorted(SIMD2(.nan, 0)) == nil)
    #expect(fold.undistorted(SIMD2(0.1, -0.1)) != nil)
  }

  private func distance(_ point: SIMD2<Double>, _ other: [Double]) -> Double {
    max((point.x - other[0]).magnitude, (point.y - other[1]).magnitude)
  }
}
