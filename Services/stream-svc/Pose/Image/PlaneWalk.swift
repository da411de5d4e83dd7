/// Walks over one plane along the rows of a region. Positions are fixed-point with 16 fractional bits: exact enough for
/// a 256-cell row (the error stays under 1/250 of a sample) and much cheaper than converting floats per sample.
struct PlaneWalk {
  private let plane: PlanarImage.Plane
  private let startX: Float
  private let startY: Float
  private let acrossX: Float
  private let acrossY: Float
  /// Down the region is across it turned by 90°, in frame pixels; planes may be scaled differently in x and y.
  private let downX: Float
  private let downY: Float

  /// - Parameters:
  ///   - origin: the frame position of the region's first cell.
  ///   - across: the step from a cell to its right neighbour, in frame pixels.
  init(_ plane: PlanarImage.Plane, origin: FramePoint, across: FramePoint) {
    self.plane = plane
    startX = (origin.x + 0.5) * plane.scaleX - 0.5
    startY = (origin.y + 0.5) * plane.scaleY - 0.5
    acrossX = across.x * plane.scaleX
    acrossY = across.y * plane.scaleY
    downX = -across.y * plane.scaleX
    downY = across.x * plane.scaleY
  }

  /// Samples one row of cells, bilinearly.
  ///
  /// - Parameter outside: the value past the plane's edges; nil repeats the edge.
  func sample(row: Int, into values: inout [Float], outside: Float?) {
    let count = values.count
    let x = Self.fixed(startX + Float(row) * downX)
    let y = Self.fixed(startY + Float(row) * downY)
    let stepX = Self.fixed(acrossX)
    let stepY = Self.fixed(acrossY)
    let (endX, endY) = (x + stepX * (count - 1), y + stepY * (count - 1))
    let limitX = (plane.width - 1) << 16
    let limitY = (plane.height - 1) << 16
    let inside =
      min(x, endX) >= 0 && max(x, endX) < limitX && min(y, endY) >= 0 && max(y, endY) < limitY
    values.withUnsafeMutableBufferPointer { values in
      if inside {
        sampleInside(values, x: x, y: y, stepX: stepX, stepY: stepY)
      } else {
        sampleAcrossEdge(values, x: x, y: y, stepX: stepX, stepY: stepY, outside: outside)
      }
    }
  }

  /// Every sample and its right and lower neighbours are known to lie in the plane.
  private func sampleInside(
    _ values: UnsafeMutableBufferPointer<Float>, x: Int, y: Int, stepX: Int, stepY: Int
  ) {
    let samples = plane.samples
    let stride = plane.stride
    var (x, y) = (x, y)
    for i in 0..<values.count {
      let corner = samples + ((y >> 16) &* stride &+ (x >> 16))
      values[i] = Self.blend(
        corner[0], corner[1], corner[stride], corner[stride &+ 1], Int32(truncatingIfNeeded: (x >> 8) & 0xFF),
        Int32(truncatingIfNeeded: (y >> 8) & 0xFF))
      x &+= stepX
      y &+= stepY
    }
  }

  private func sampleAcrossEdge(
    _ values: UnsafeMutableBufferPointer<Float>, x: Int, y: Int, stepX: Int, stepY: Int, outside: Float?
  ) {
    let half = 1 << 15
    let (limitX, limitY) = ((plane.width - 1) << 16, (plane.height - 1) << 16)
    var (x, y) = (x, y)
    for i in 0..<values.count {
      if let outside, x < -half || y < -half || x > limitX + half || y > limitY + half {
        values[i] = outside
      } else {
        let (nearX, nearY) = (min(max(x, 0), limitX), min(max(y, 0), limitY))
        let (column, line) = (nearX >> 16, nearY >> 16)
        let corner = plane.samples + (line * plane.stride + column)
        let right = column + 1 < plane.width ? 1 : 0
        let below = line + 1 < plane.height ? plane.stride : 0
        values[i] = Self.blend(
          corner[0], corner[right], corner[below], corner[below + right], Int32((nearX >> 8) & 0xFF),
          Int32((nearY >> 8) & 0xFF))
      }
      x &+= stepX
      y &+= stepY
    }
  }

  /// Bilinear interpolation with weights in 1/256.
  @inline(__always)
  private static func blend(
    _ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8, _ right: Int32, _ below: Int32
  ) -> Float {
    let upper = Int32(a) &* (256 &- right) &+ Int32(b) &* right
    let lower = Int32(c) &* (256 &- right) &+ Int32(d) &* right
    return Float(upper &* (256 &- below) &+ lower &* below) * (1 / 65536)
  }

  private static func fixed(_ value: Float) -> Int { Int((value * 65536).rounded()) }
}
