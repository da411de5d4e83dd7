import Messages
import Timing

/// Makes 3D poses of aligned sets, for one calibration.
///
/// Each camera's model is scaled to the pictures it sends, so errors are in pixels of the frames. What does not fit
/// costs that camera's view, not the set.
public struct PoseTriangulator: Sendable {
  public struct Result: Sendable {
    /// Nil when fewer than two calibrated cameras saw the person, or no joint could be found.
    public let pose: Pose3D?
    /// Pixels of the calibrated picture per pixel of the frames, the cameras' mean.
    public let calibrationScale: Double
    /// Views of devices that the calibration does not name.
    public let unknownDevices: Int
    /// Why a camera's pictures do not fit its calibration, if they do not.
    public let fault: CalibrationError?
  }

  public let calibration: Calibration
  private let settings: Triangulator.Settings
  private let correctsSides: Bool
  /// The picture size of each camera, in the calibration's order: the latest seen.
  private var sizes: [PixelSize]
  private var triangulator: Triangulator

  /// - Parameter correctsSides: whether cameras that took left for right are put right, see `SideConfusion`.
  public init(
    calibration: Calibration, settings: Triangulator.Settings = Triangulator.Settings(), correctsSides: Bool = true
  ) {
    self.calibration = calibration
    self.correctsSides = correctsSides
    self.settings = settings
    sizes = calibration.cameras.map(\.imageSize)
    triangulator = Triangulator(cameras: calibration.cameras, settings: settings)
  }

  public mutating func pose(of set: AlignedSet, session: SessionID) -> Result {
    var views = InlineArray<8, Int>(repeating: -1)
    var used = 0
    var unknown = 0
    var scale = 0.0
    var fault: CalibrationError?
    for (index, view) in set.views.enumerated() {
      guard let camera = calibration.cameras.firstIndex(where: { $0.name == view.device.text }) else {
        unknown += 1
        continue
      }
      do throws(CalibrationError) {
        try fit(camera, to: view.size)
        views[camera] = index
        used += 1
        scale += Double(calibration.cameras[camera].imageSize.height) / Double(view.size.height)
      } catch {
        fault = error
      }
    }
    let joints = used >= 2 ? triangulate(set.views, views) : []
    let pose = Pose3D(
      session: session, time: set.time, clockErrorBoundMicroseconds: set.clockErrorBoundMicroseconds,
      cameras: UInt8(used), joints: joints)
    return Result(
      pose: joints.contains { $0.views > 0 } ? pose : nil, calibrationScale: used > 0 ? scale / Double(used) : 1,
      unknownDevices: unknown, fault: fault)
  }

  /// Scales a camera to another picture size, when it changes.
  private mutating func fit(_ camera: Int, to size: PixelSize) throws(CalibrationError) {
    guard size != sizes[camera] else { return }
    var cameras = triangulator.cameras
    cameras[camera] = try calibration.cameras[camera].scaled(to: size)
    sizes[camera] = size
    triangulator = Triangulator(cameras: cameras, settings: settings)
  }

  private func triangulate(_ seen: [AlignedView], _ views: InlineArray<8, Int>) -> [Pose3D.Joint] {
    var sightings = (0..<PoseLandmark.count).map { landmark in
      var result = Sightings()
      for camera in calibration.cameras.indices where views[camera] >= 0 {
        result[camera] = Sighting(seen[views[camera]].joints[landmark])
      }
      return result
    }
    var joints = sightings.map(triangulator.triangulate)
    if correctsSides {
      let confusion = SideConfusion(cameras: triangulator.cameras)
      for landmark in confusion.correct(&sightings, joints: joints) {
        joints[landmark.rawValue] = triangulator.triangulate(sightings[landmark.rawValue])
      }
    }
    return joints.map { $0.map(Pose3D.Joint.init) ?? .missing }
  }
}

extension Sighting {
  /// Observations measure from the picture's corner, camera models from the centre of its first pixel.
  init(_ joint: Observation2D.Joint) {
    self.init(pixel: SIMD2(Double(joint.x), Double(joint.y)) - 0.5, confidence: min(Double(joint.confidence), 1))
  }
}

extension Pose3D.Joint {
  init(_ joint: TriangulatedJoint) {
    self.init(
      x: Float(joint.position.x), y: Float(joint.position.y), z: Float(joint.position.z),
      confidence: Float(joint.confidence), reprojectionErrorPx: Float(joint.reprojectionErrorPx),
      views: UInt8(joint.views))
  }
}
