/// The cameras of one session, by name, in one world of metres.
public struct Calibration: Sendable, Equatable {
  /// Two to four phones are the product; the mathematics has room for some more.
  public static let maxCameras = 8

  public let cameras: [CameraModel]
  public let worldUp: WorldUp

  /// Throws `CalibrationError` when there are none, too many, or two of one name.
  public init(cameras: [CameraModel], worldUp: WorldUp = .z) throws(CalibrationError) {
    guard !cameras.isEmpty else { throw .noCameras }
    guard cameras.count <= Self.maxCameras else { throw .tooManyCameras(cameras.count) }
    var names: Set<String> = []
    for camera in cameras where !names.insert(camera.name).inserted { throw .duplicateCamera(camera.name) }
    self.cameras = cameras
    self.worldUp = worldUp
  }

  public func camera(named name: String) -> CameraModel? { cameras.first { $0.name == name } }
}

/// The world axis that points up. Exports turn it into OpenSim's y.
public enum WorldUp: String, Sendable, Codable {
  case y
  case z
}
