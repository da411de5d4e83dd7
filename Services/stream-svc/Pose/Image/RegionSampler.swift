/// Draws a region of a decoded picture into a model's input tensor: bilinear in every plane, colours converted after.
///
/// The tensor's cell `i` shows the frame at `i/side` of the region, whole numbers being the centres of pixels on both
/// sides, exactly as MediaPipe's CPU path (OpenCV's `warpPerspective`) has it.
struct RegionSampler {
  /// What lies past the frame's edge.
  enum Border {
    /// The letterbox of the detector.
    case black
    /// The edge itself, drawn out: what the landmark model expects.
    case edge
  }

  /// Cells across and down the tensor.
  let side: Int
  /// The tensor's value for black and for white.
  let range: ClosedRange<Float>
  let border: Border
  private var luma: [Float]
  private var blue: [Float]
  private var red: [Float]

  init(side: Int, range: ClosedRange<Float>, border: Border) {
    self.side = side
    self.range = range
    self.border = border
    luma = Array(repeating: 0, count: side)
    blue = Array(repeating: 128, count: side)
    red = Array(repeating: 128, count: side)
  }

  /// Fills `tensor`, which holds `side` × `side` × RGB values.
  mutating func draw(
    _ region: SquareRegion, of image: PlanarImage, into tensor: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(tensor.count == side * side * 3, "the tensor does not fit the sampler")
    let step = 1 / Float(side)
    let origin = region.framePoint(0, 0)
    let right = region.framePoint(step, 0)
    let across = FramePoint(x: right.x - origin.x, y: right.y - origin.y)
    let lumaWalk = PlaneWalk(image.luma, origin: origin, across: across)
    let blueWalk = image.chroma.map { PlaneWalk($0.blue, origin: origin, across: across) }
    let redWalk = image.chroma.map { PlaneWalk($0.red, origin: origin, across: across) }
    for row in 0..<side {
      lumaWalk.sample(row: row, into: &luma, outside: border == .black ? 0 : nil)
      blueWalk?.sample(row: row, into: &blue, outside: border == .black ? 128 : nil)
      redWalk?.sample(row: row, into: &red, outside: border == .black ? 128 : nil)
      convert(into: tensor.baseAddress! + row * side * 3)
    }
  }

  /// One row from YCbCr (JFIF, full range) to RGB in the tensor's range.
  private func convert(into row: UnsafeMutablePointer<Float>) {
    let scale = (range.upperBound - range.lowerBound) / 255
    let offset = range.lowerBound
    luma.withUnsafeBufferPointer { luma in
      blue.withUnsafeBufferPointer { blue in
        red.withUnsafeBufferPointer { red in
          for i in 0..<side {
            let y = luma[i]
            let cb = blue[i] - 128
            let cr = red[i] - 128
            let r = y + 1.402 * cr
            let g = y - 0.344136 * cb - 0.714136 * cr
            let b = y + 1.772 * cb
            row[3 &* i] = min(max(r, 0), 255) * scale + offset
            row[3 &* i &+ 1] = min(max(g, 0), 255) * scale + offset
            row[3 &* i &+ 2] = min(max(b, 0), 255) * scale + offset
          }
        }
      }
    }
  }
}
