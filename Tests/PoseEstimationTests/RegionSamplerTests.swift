import CTurboJPEG
import Testing

@testable import PoseEstimation

/// What the models get to see is the right part of the frame in the right colours.
struct RegionSamplerTests {
  /// A ramp in every channel, so that a sample's value tells where it was taken.
  private func draw(
    _ region: SquareRegion, side: Int = 64, subsampling: TJSAMP, reduction: Int = 1,
    border: RegionSampler.Border = .edge
  ) throws -> [Float] {
    let jpeg = TestPicture.jpeg(width: 240, height: 200, subsampling: subsampling) { x, y in
      [UInt8(x), UInt8(y), UInt8((x + y) / 2)]
    }
    let decoder = JPEGDecoder()
    var sampler = RegionSampler(side: side, range: 0...255, border: border)
    var tensor = [Float](repeating: -1, count: side * side * 3)
    try jpeg.withUnsafeBytes { bytes in
      let header = try decoder.header(of: bytes)
      let image = try decoder.decode(bytes, header: header, reduction: reduction)
      tensor.withUnsafeMutableBufferPointer { sampler.draw(region, of: image, into: $0) }
    }
    return tensor
  }

  @Test(
    arguments: [TJSAMP_444, TJSAMP_422, TJSAMP_420, TJSAMP_440, TJSAMP_411], [1, 2] as [Int])
  func samplesLieWhereTheRegionSays(subsampling: TJSAMP, reduction: Int) throws {
    let region = SquareRegion(centreX: 120, centreY: 100, side: 100, rotation: 0.4)
    let tensor = try draw(region, subsampling: subsampling, reduction: reduction)
    var worst: Float = 0
    for row in 0..<64 {
      for column in 0..<64 {
        let point = region.framePoint(Float(column) / 64, Float(row) / 64)
        let cell = (row * 64 + column) * 3
        worst = max(worst, abs(tensor[cell] - point.x), abs(tensor[cell + 1] - point.y))
        worst = max(worst, abs(tensor[cell + 2] - (point.x + point.y) / 2))
      }
    }
    // JPEG itself costs two or three grey levels.
    #expect(worst < 5)
  }

  @Test func greyPicturesHaveNoColour() throws {
    let tensor = try draw(
      SquareRegion(centreX: 120, centreY: 100, side: 100, rotation: 0), subsampling: TJSAMP_GRAY)
    for cell in stride(from: 0, to: tensor.count, by: 3) {
      #expect(tensor[cell] == tensor[cell + 1] && tensor[cell] == tensor[cell + 2])
    }
  }

  @Test func edgesAreDrawnOut() throws {
    let region = SquareRegion(centreX: 120, centreY: 100, side: 2000, rotation: 0)
    let tensor = try draw(region, subsampling: TJSAMP_420)
    #expect(abs(tensor[0] - 0) < 5 && abs(tensor[1] - 0) < 5)
    let last = tensor.count - 3
    #expect(abs(tensor[last] - 239) < 5 && abs(tensor[last + 1] - 199) < 5)
  }

  @Test func letterboxIsBlack() throws {
    let tensor = try draw(SquareRegion(letterboxing: 240, 200), subsampling: TJSAMP_420, border: .black)
    // 20 of 240 rows above the frame are 5.3 of 64 cells.
    #expect(tensor[0..<5 * 64 * 3].allSatisfy { $0 == 0 })
    #expect(tensor[(64 - 5) * 64 * 3..<64 * 64 * 3].allSatisfy { $0 == 0 })
    #expect(abs(tensor[(32 * 64 + 32) * 3] - 120) < 5)
  }

  @Test func reductionLeavesAPixelPerCell() {
    let sampler = RegionSampler(side: 256, range: 0...1, border: .edge)
    func reduction(_ side: Float) -> Int {
      PoseEngine.reduction(of: SquareRegion(centreX: 0, centreY: 0, side: side, rotation: 0), to: sampler)
    }
    #expect(reduction(100) == 1)
    #expect(reduction(511) == 1)
    #expect(reduction(512) == 2)
    #expect(reduction(1023) == 2)
    #expect(reduction(1024) == 4)
    #expect(reduction(5000) == 8)
  }

  /// Held against counting one by one.
  @Test func cellsInsideAreFound() {
    for start in -7...17 {
      for step in -4...4 {
        let range = PlaneWalk.cells(5, from: start, step: step, below: 10)
        let expected = (0..<5).filter { (0..<10).contains(start + step * $0) }
        #expect(Array(range) == expected, "start \(start), step \(step)")
      }
    }
  }
}
