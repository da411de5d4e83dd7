import Glibc

/// Finds joints in the world from what calibrated cameras saw of them.
///
/// Per joint: confidence-weighted direct linear transform over all cameras, then Gauss-Newton on the reprojection
/// error. When a camera disagrees (an occluded wrist guessed wrongly, left and right confused), every pair of cameras
/// proposes a point, the one that most cameras agree with wins (MSAC over all pairs, so nothing is left to chance), and
/// the point is made again from those that agree. No allocation; a pure value, to be used from one thread at a time or
/// from many.
public struct Triangulator: Sendable {
  public struct Settings: Sendable, Equatable {
    /// How far, in pixels, a camera's sighting may lie from the joint's image before it counts as wrong: in a picture
    /// whose longer side is `referenceSide`, other sizes in proportion.
    public var tolerancePx = 50.0
    public var referenceSide = 1920.0
    /// The error, in the same pixels, at which a sighting's pull on the point is halved.
    public var kernelPx = 40.0
    /// Sightings below this confidence are not used.
    public var minConfidence = 0.2
    /// Two cameras must see the joint under at least this angle, degrees; below it the depth is a guess.
    public var minAngleDegrees = 2.0

    public init() {}
  }

  public let cameras: [CameraModel]
  public let settings: Settings
  private let rig: [CameraPack]
  private let positions: [SIMD3<Double>]
  private let maxCosine: Double

  /// One to `Calibration.maxCameras` cameras.
  public init(cameras: [CameraModel], settings: Settings = Settings()) {
    precondition((1...Calibration.maxCameras).contains(cameras.count), "a calibration has checked this")
    self.cameras = cameras
    self.settings = settings
    rig = stride(from: 0, to: cameras.count, by: CameraPack.lanes).map {
      CameraPack(cameras[$0..<min($0 + CameraPack.lanes, cameras.count)], settings: settings)
    }
    positions = cameras.map(\.position)
    maxCosine = cos(settings.minAngleDegrees * .pi / 180)
  }

  /// The joint that the cameras saw. Nil when fewer than two agree, or when they see it from nearly the same place.
  public func triangulate(_ sightings: Sightings) -> TriangulatedJoint? {
    var rays = RayBundle()
    for camera in cameras.indices {
      let sighting = sightings[camera]
      // Written so that NaN fails it.
      guard sighting.confidence >= settings.minConfidence, sighting.confidence <= 1,
        let image = cameras[camera].normalized(sighting.pixel)
      else { continue }
      rays.insert(camera: camera, image: image, confidence: sighting.confidence)
    }
    let span = rig.span
    guard rays.cameras.nonzeroBitCount >= 2, let (point, subset) = consensus(rays, span),
      isWellSeen(point, by: subset)
    else { return nil }
    return joint(at: point, subset, rays, span)
  }

  private func consensus(_ rays: RayBundle, _ rig: Span<CameraPack>) -> (SIMD3<Double>, UInt8)? {
    let everyone = rays.cameras
    if let start = rays.linearPoint(everyone, rig), let point = rays.refined(start, everyone, rig),
      rays.verdict(point, rig).agreeing == everyone
    {
      return (point, everyone)
    }
    guard everyone.nonzeroBitCount > 2, let proposal = bestPairPoint(rays, rig) else { return nil }
    var point = proposal
    var subset: UInt8 = 0
    // Taking in a camera moves the point a little, which may win or lose another one: two rounds settle it.
    for _ in 0..<2 {
      subset = rays.verdict(point, rig).agreeing
      guard subset.nonzeroBitCount >= 2, let next = rays.refined(point, subset, rig) else { return nil }
      point = next
    }
    guard rays.verdict(point, rig).agreeing & subset == subset else { return nil }
    return (point, subset)
  }

  /// The point proposed by the pair of cameras with the least truncated error over all cameras.
  private func bestPairPoint(_ rays: RayBundle, _ rig: Span<CameraPack>) -> SIMD3<Double>? {
    var best: SIMD3<Double>?
    var bestCost = Double.infinity
    for first in 0..<cameras.count - 1 where rays.cameras & (1 << first) != 0 {
      for second in first + 1..<cameras.count where rays.cameras & (1 << second) != 0 {
        guard let point = rays.linearPoint(1 << first | 1 << second, rig) else { continue }
        let cost = rays.verdict(point, rig).cost
        if cost < bestCost {
          bestCost = cost
          best = point
        }
      }
    }
    return best
  }

  /// Whether two of the cameras in `subset` see the point under a wide enough angle.
  private func isWellSeen(_ point: SIMD3<Double>, by subset: UInt8) -> Bool {
    for first in 0..<cameras.count - 1 where subset & (1 << first) != 0 {
      let one = positions[first] - point
      for second in first + 1..<cameras.count where subset & (1 << second) != 0 {
        let other = positions[second] - point
        // Seen from opposite sides the rays fall together as well.
        let scale = (dot(one, one) * dot(other, other)).squareRoot()
        if dot(one, other).magnitude < maxCosine * scale { return true }
      }
    }
    return false
  }

  private func joint(
    at point: SIMD3<Double>, _ subset: UInt8, _ rays: RayBundle, _ rig: Span<CameraPack>
  ) -> TriangulatedJoint? {
    let fit = rays.fit(point, subset, rig)
    let views = subset.nonzeroBitCount
    let error = fit.distancePx / Double(views)
    guard error.isFinite, dot(point, point).isFinite else { return nil }
    return TriangulatedJoint(
      position: point, reprojectionErrorPx: error, views: views,
      confidence: fit.confidence / Double(views) * (fit.confidence / rays.totalConfidence))
  }
}
