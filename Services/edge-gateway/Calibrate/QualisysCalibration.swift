/// Reads the calibration that Qualisys Track Manager exports as `*.qca.txt` (XML inside).
///
/// How its numbers are meant, as Pose2Sim's `calibration.py` (0.10.49) and Qualisys' own tools take them:
/// - pixels are in 64ths; the picture is `right − left + 1` by `bottom − top + 1` of `fov_video`;
/// - r11…r33, row after row, turn world axes into camera axes, but with y up and z towards the viewer: half a turn
///   about x gives OpenCV's. x, y, z is where the camera stands, in millimetres;
/// - the lens coefficients belong to normalised coordinates and are taken as they stand. (Pose2Sim divides them by 64
///   like the pixels, which all but removes them. Other readers of the format do not.)
/// - cameras that are switched off, and marker cameras (`model` neither video nor "none"), are left out.
public enum QualisysCalibration {
  static let subpixels = 64.0

  /// Throws `CalibrationError`.
  public static func decode(_ bytes: [UInt8]) throws(CalibrationError) -> Calibration {
    let root = try XMLReader.read(bytes)
    guard root.name == "calibration", let list = root.first("cameras") else {
      throw .unreadable(reason: "it is not a Qualisys calibration (no <calibration><cameras>)")
    }
    var cameras: [CameraModel] = []
    for (index, element) in list.all("camera").enumerated() {
      let model = element.attributes["model"]?.lowercased() ?? "none"
      guard model.contains("video") || model.contains("none"), element.attributes["active"] != "0" else { continue }
      cameras.append(try camera(element, name: element.attributes["serial"] ?? "\(index + 1)"))
    }
    return try Calibration(cameras: cameras, worldUp: .z)
  }

  private static func camera(_ element: XMLElement, name: String) throws(CalibrationError) -> CameraModel {
    // Whether the video was turned as well is not in the file, so a turned view cannot be read either way.
    if let rotation = element.attributes["viewrotation"], rotation != "0" {
      throw .unsupported(camera: name, feature: "viewrotation \(rotation.prefix(8))")
    }
    let view = try QualisysFields(element, "fov_video", camera: name)
    let intrinsic = try QualisysFields(element, "intrinsic", camera: name)
    let transform = try QualisysFields(element, "transform", camera: name)
    let left = try view.number("left")
    let top = try view.number("top")
    guard try intrinsic.number("skew") == 0 else { throw .unsupported(camera: name, feature: "skewed pixels") }
    let rotation = Matrix3(
      SIMD3(try transform.number("r11"), try transform.number("r12"), try transform.number("r13")),
      SIMD3(try transform.number("r21"), try transform.number("r22"), try transform.number("r23")),
      SIMD3(try transform.number("r31"), try transform.number("r32"), try transform.number("r33")))
    let toOpenCV = Matrix3(rotation.row0, -rotation.row1, -rotation.row2)
    let position =
      SIMD3(try transform.number("x"), try transform.number("y"), try transform.number("z")) / 1000
    return try CameraModel(
      name: name,
      imageSize: PixelSize(
        width: try view.size(from: left, to: "right"), height: try view.size(from: top, to: "bottom")),
      focal: SIMD2(try intrinsic.number("focalLengthU"), try intrinsic.number("focalLengthV")) / subpixels,
      centre: SIMD2(try intrinsic.number("centerPointU"), try intrinsic.number("centerPointV")) / subpixels
        - SIMD2(left, top),
      distortion: LensDistortion(
        k1: try intrinsic.number("radialDistortion1"), k2: try intrinsic.number("radialDistortion2"),
        p1: try intrinsic.number("tangentalDistortion1"), p2: try intrinsic.number("tangentalDistortion2"),
        k3: try intrinsic.number("radialDistortion3")),
      rotation: toOpenCV, translation: -(toOpenCV * position))
  }
}
