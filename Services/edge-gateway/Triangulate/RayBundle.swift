/// The lines of sight of a whole rig to one joint, and the arithmetic on any subset of them.
///
/// A subset is a bit mask over the rig's cameras. Small enough for the stack; the cameras are passed along.
struct RayBundle {
  private var packs = InlineArray<2, RayPack>(repeating: RayPack())

  @inline(__always)
  mutating func insert(camera: Int, image: SIMD2<Double>, confidence: Double) {
    packs[camera / CameraPack.lanes].insert(
      lane: camera % CameraPack.lanes, image: image, confidence: confidence)
  }

  /// The cameras that saw the joint.
  @inline(__always)
  var cameras: UInt8 { packs[0].lanes | packs[1].lanes << 4 }

  /// The direct linear transform over the rays in `subset`, each weighted by its confidence.
  @inline(__always)
  func linearPoint(_ subset: UInt8, _ rig: Span<CameraPack>) -> SIMD3<Double>? {
    var equations = packs[0].linearEquations(subset & 15, rig[0])
    if rig.count > 1 { equations += packs[1].linearEquations(subset >> 4, rig[1]) }
    return equations.solution()
  }

  /// Gauss-Newton on the reprojection error of the rays in `subset`. Nil when the rays leave the point open, or when it
  /// ends up behind a camera.
  @inline(__always)
  func refined(_ start: SIMD3<Double>, _ subset: UInt8, _ rig: Span<CameraPack>) -> SIMD3<Double>? {
    var point = start
    for _ in 0..<8 {
      guard var equations = packs[0].stepEquations(point, subset & 15, rig[0]) else { return nil }
      if rig.count > 1 {
        guard let more = packs[1].stepEquations(point, subset >> 4, rig[1]) else { return nil }
        equations += more
      }
      guard let step = equations.solution() else { return nil }
      point += step
      // Ten micrometres.
      if dot(step, step) < 1e-10 { break }
    }
    return point
  }

  /// The cameras that agree with the point, and the truncated error over all that saw the joint: 0 for a perfect fit,
  /// the sum of the confidences when nobody agrees.
  @inline(__always)
  func verdict(_ point: SIMD3<Double>, _ rig: Span<CameraPack>) -> (agreeing: UInt8, cost: Double) {
    var agreeing: UInt8 = 0
    var cost = 0.0
    for pack in rig.indices {
      let relative = packs[pack].squaredErrorsPx(point, rig[pack]) / rig[pack].squaredTolerance
      cost += (packs[pack].confidences * pointwiseMin(relative, .one)).sum()
      for lane in 0..<CameraPack.lanes where relative[lane] <= 1 { agreeing |= 1 << (pack * CameraPack.lanes + lane) }
    }
    return (agreeing & cameras, cost)
  }

  /// Over the cameras in `subset`: the sum of the distances, in pixels, of the point's image from the sightings, and the
  /// sum of the confidences.
  @inline(__always)
  func fit(_ point: SIMD3<Double>, _ subset: UInt8, _ rig: Span<CameraPack>) -> (distancePx: Double, confidence: Double)
  {
    var (distance, confidence) = (0.0, 0.0)
    for pack in rig.indices {
      let squared = packs[pack].squaredErrorsPx(point, rig[pack])
      for lane in 0..<CameraPack.lanes where subset & 1 << (pack * CameraPack.lanes + lane) != 0 {
        distance += squared[lane].squareRoot()
        confidence += packs[pack].confidences[lane]
      }
    }
    return (distance, confidence)
  }

  /// The sum of all cameras' confidences.
  @inline(__always)
  var totalConfidence: Double { packs[0].confidences.sum() + packs[1].confidences.sum() }
}
