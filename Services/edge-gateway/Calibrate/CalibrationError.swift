/// Why a calibration is not accepted. `code` is stable; `description` says what to do next.
public enum CalibrationError: Error, Equatable, CustomStringConvertible {
  /// The text is not what it should be: broken XML or JSON.
  case unreadable(reason: String)
  case missing(camera: String, field: String)
  case notANumber(camera: String, field: String)
  case outOfRange(camera: String, field: String, value: String)
  case notARotation(camera: String)
  case duplicateCamera(String)
  case noCameras
  case tooManyCameras(Int)
  case unknownCamera(String)
  case unsupported(camera: String, feature: String)
  case aspectMismatch(camera: String, calibrated: PixelSize, wanted: PixelSize)

  public var code: String {
    switch self {
    case .unreadable: "calibration_unreadable"
    case .missing: "calibration_field_missing"
    case .notANumber: "calibration_not_a_number"
    case .outOfRange: "calibration_out_of_range"
    case .notARotation: "calibration_not_a_rotation"
    case .duplicateCamera: "calibration_duplicate_camera"
    case .noCameras: "calibration_without_cameras"
    case .tooManyCameras: "calibration_too_many_cameras"
    case .unknownCamera: "calibration_unknown_camera"
    case .unsupported: "calibration_unsupported"
    case .aspectMismatch: "calibration_aspect_mismatch"
    }
  }

  public var description: String {
    switch self {
    case .unreadable(let reason): "The calibration cannot be read: \(reason). Export it again and send it unchanged."
    case .missing(let camera, let field): "Camera \(camera) has no \(field). Export the complete calibration."
    case .notANumber(let camera, let field):
      "Camera \(camera): \(field) is not a finite number. The calibration probably diverged; calibrate again."
    case .outOfRange(let camera, let field, let value):
      "Camera \(camera): \(field) \(value) is out of range. Check the units (pixels, metres) and calibrate again."
    case .notARotation(let camera):
      "Camera \(camera): the rotation is not a rotation matrix (orthonormal rows, determinant +1). Calibrate again."
    case .duplicateCamera(let name): "Camera \(name) appears twice. Give every camera a name of its own."
    case .noCameras: "The calibration names no camera. Export the cameras that filmed the session."
    case .tooManyCameras(let count):
      "The calibration names \(count) cameras; at most \(Calibration.maxCameras) work together. Leave some out."
    case .unknownCamera(let name): "The calibration does not name camera \(name). Use one of its camera names."
    case .unsupported(let camera, let feature):
      "Camera \(camera) uses \(feature), which is not supported. Export the calibration without it."
    case .aspectMismatch(let camera, let calibrated, let wanted):
      "Camera \(camera) was calibrated at \(calibrated) but films at \(wanted): another shape. Crop or turn it back."
    }
  }
}
