import Messages

/// A calibration's cameras, each scaled to the pictures it sends, and the sightings of a joint in their terms.
struct ScaledRig: Sendable {
  private let calibration: Calibration
  private var triangulator: Triangulator

  /// Sightings further than this from the joint's image are wrong, pixels of a picture 1920 high.
  private static let tolerancePx = 40.0
  private static let referenceSide = 1920.0

  init(_ calibration: Calibration) {
    self.calibration = calibration
    triangulator = Triangulator(cameras: calibration.cameras)
  }

  /// Those that agree on where the joint is; none when it could not be followed through all three sets.
  ///
  /// Its velocity is that of the point in the world, not of each picture's landmark: a leg taken for the other one for a
  /// moment would make up a motion that never was.
  mutating func sightings(of joint: PoseLandmark, in motion: SetMotion) -> [ShiftedSighting] {
    let seen = motion.sightings(of: joint) { view in
      guard let camera = calibration.cameras.firstIndex(where: { $0.name == view.device.text }),
        fit(camera, to: view.size)
      else { return nil }
      return camera
    }
    guard let before = triangulator.triangulate(seen.before)?.position,
      let point = triangulator.triangulate(seen.middle)?.position,
      let after = triangulator.triangulate(seen.after)?.position
    else { return [] }
    let velocity = (after - before) / motion.seconds
    return triangulator.cameras.indices.compactMap { camera in
      let model = triangulator.cameras[camera]
      let side = Double(max(model.imageSize.width, model.imageSize.height))
      return ShiftedSighting(
        camera, model, seen.middle[camera], of: point, velocity: velocity,
        tolerancePx: Self.tolerancePx * side / Self.referenceSide)
    }
  }

  /// False for pictures that do not have the shape the camera was calibrated for.
  private mutating func fit(_ camera: Int, to size: PixelSize) -> Bool {
    if triangulator.cameras[camera].imageSize == size { return true }
    var cameras = triangulator.cameras
    guard let scaled = try? calibration.cameras[camera].scaled(to: size) else { return false }
    cameras[camera] = scaled
    triangulator = Triangulator(cameras: cameras)
    return true
  }
}

/// A camera's sighting of a moving joint whose place is known: how far off it is, and what would bring it nearer.
struct ShiftedSighting: Sendable {
  let camera: Int
  /// Sighting minus the joint's image, pixels without lens distortion.
  let residual: SIMD2<Double>
  /// Of the joint's image, pixels per second.
  let velocity: SIMD2<Double>
  /// How the joint's image moves with the joint: pixels per metre, for x and for y.
  let slopeX: SIMD3<Double>
  let slopeY: SIMD3<Double>
  let weight: Double

  /// Nil for no sighting, or one too far off to be of that joint.
  ///
  /// - Parameters:
  ///   - point: where the joint is, metres.
  ///   - velocity: how it moves, metres per second.
  init?(
    _ camera: Int, _ model: CameraModel, _ sighting: Sighting, of point: SIMD3<Double>, velocity: SIMD3<Double>,
    tolerancePx: Double
  ) {
    let seen = model.rotation * point + model.translation
    guard sighting.confidence > 0, seen.z > 0, let image = model.normalized(sighting.pixel) else { return nil }
    let ideal = SIMD2(seen.x, seen.y) / seen.z
    let slopeX = (model.rotation.row0 - model.rotation.row2 * ideal.x) * (model.focal.x / seen.z)
    let slopeY = (model.rotation.row1 - model.rotation.row2 * ideal.y) * (model.focal.y / seen.z)
    self.camera = camera
    self.slopeX = slopeX
    self.slopeY = slopeY
    self.velocity = SIMD2(dot(slopeX, velocity), dot(slopeY, velocity))
    residual = (image - ideal) * model.focal
    let distance = (residual * residual).sum() / (tolerancePx * tolerancePx)
    guard distance < 1 else { return nil }
    // Tukey's biweight: the further off, the less it counts.
    weight = sighting.confidence * (1 - distance) * (1 - distance)
  }
}
