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
    let inside = Self.cells(count, from: x, step: stepX, below: (plane.width - 1) << 16)
      .clamped(to: Self.cells(count, from: y, step: stepY, below: (plane.height - 1) << 16))
    values.withUnsafeMutableBufferPointer { values in
      for part in [0..<inside.lowerBound, inside.upperBound..<count] where !part.isEmpty {
        sampleAcrossEdge(
          UnsafeMutableBufferPointer(rebasing: values[part]), x: x + stepX * part.lowerBound,
          y: y + stepY * part.lowerBound, stepX: stepX, stepY: stepY, outside: outside)
      }
      sampleInside(
        UnsafeMutableBufferPointer(rebasing: values[inside]), x: x + stepX * inside.lowerBound,
        y: y + stepY * inside.lowerBound, stepX: stepX, stepY: stepY)
    }
  }

  /// Which of a row's cells have a position of at least 0 and below a limit.
  static func cells(_ count: Int, from start: Int, step: Int, below limit: Int) -> Range<Int> {
    guard step != 0 else { return 0..<(start >= 0 && start < limit ? count : 0) }
    guard step > 0 else {
      // Seen from the last cell, the walk goes up.
      let mirrored = cells(count, from: start + step * (count - 1), step: -step, below: limit)
      return count - mirrored.upperBound..<count - mirrored.lowerBound
    }
    let first = start >= 0 ? 0 : (-start + step - 1) / step
    let end = start >= limit ? 0 : (limit - 1 - start) / step + 1
    let lower = min(first, count)
    return lower..<max(lower, min(end, count))
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
