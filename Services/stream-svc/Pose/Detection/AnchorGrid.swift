/// The 2,254 points around which the detector places its boxes: for strides 8, 16 and three times 32 over 224 pixels,
/// row by row, two for each layer in every cell (aspect ratio 1 and its interpolation). Every anchor has size 1, so only the centre
/// counts.
///
/// Source: options of MediaPipe's `pose_detection_cpu.pbtxt` (`SsdAnchorsCalculator`, `fixed_anchor_size`).
struct AnchorGrid {
  /// Centres as fractions of the detector's input.
  let centres: [(x: Float, y: Float)]

  /// - Parameters:
  ///   - strides: pixels per cell of each layer; neighbours with the same stride share one grid.
  ///   - perLayer: anchors that each layer places in a cell.
  init(inputSide: Int = 224, strides: [Int] = [8, 16, 32, 32, 32], perLayer: Int = 2) {
    var centres: [(x: Float, y: Float)] = []
    var layer = 0
    while layer < strides.count {
      let stride = strides[layer]
      let layers = strides[layer...].prefix { $0 == stride }.count
      let cells = (inputSide + stride - 1) / stride
      for row in 0..<cells {
        for column in 0..<cells {
          let centre = ((Float(column) + 0.5) / Float(cells), (Float(row) + 0.5) / Float(cells))
          centres += Array(repeating: centre, count: layers * perLayer)
        }
      }
      layer += layers
    }
    self.centres = centres
  }
}
