import FoundationEssentials

/// Axolotl's own calibration form, version 1:
///
/// ```json
/// {"version": 1, "world_up": "z", "cameras": [{
///   "name": "cam01", "image_width": 1080, "image_height": 1920,
///   "focal_px": [fx, fy], "centre_px": [cx, cy], "distortion": [k1, k2, p1, p2, k3],
///   "rotation": [nine numbers, row after row], "translation_m": [x, y, z]}]}
/// ```
///
/// `name` is the device that films; pixels, lens and pose are those of `CameraModel`: cameraPoint = rotation ·
/// worldPoint + translation. Fields that are not listed here are refused, so a typing error cannot pass unseen.
public enum CalibrationJSON {
  /// More than eight cameras need, and little enough to parse at once.
  public static let maxBytes = 65536

  /// Throws `CalibrationError`.
  public static func decode(_ bytes: some Collection<UInt8>) throws(CalibrationError) -> Calibration {
    guard bytes.count <= maxBytes else { throw .unreadable(reason: "it is longer than \(maxBytes) bytes") }
    let document = try parse(Document.self, bytes)
    guard document.version == 1 else {
      throw .unreadable(reason: "version \(document.version) is unknown, this is version 1")
    }
    var cameras: [CameraModel] = []
    for camera in document.cameras { cameras.append(try camera.model()) }
    return try Calibration(cameras: cameras, worldUp: document.worldUp ?? .z)
  }

  /// Decodes JSON, and says in a person's words what is wrong with it.
  static func parse<Value: Decodable>(
    _: Value.Type, _ bytes: some Collection<UInt8>
  ) throws(CalibrationError) -> Value {
    do {
      return try JSONDecoder().decode(Value.self, from: Data(bytes))
    } catch let error as DecodingError {
      throw .unreadable(reason: explain(error))
    } catch {
      throw .unreadable(reason: "not JSON")
    }
  }

  public static func encode(_ calibration: Calibration) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    let document = Document(
      version: 1, worldUp: calibration.worldUp, cameras: calibration.cameras.map(CameraJSON.init))
    // Encoding a valid calibration cannot fail: every number in it is finite.
    guard let data = try? encoder.encode(document) else { preconditionFailure("calibration holds a non-finite number") }
    return Array(data)
  }

  private struct Document: Codable {
    var version: Int
    var worldUp: WorldUp?
    var cameras: [CameraJSON]

    enum CodingKeys: String, CodingKey, CaseIterable {
      case version
      case worldUp = "world_up"
      case cameras
    }

    init(version: Int, worldUp: WorldUp, cameras: [CameraJSON]) {
      self.version = version
      self.worldUp = worldUp
      self.cameras = cameras
    }

    init(from decoder: any Decoder) throws {
      try refuseUnknownKeys(decoder, known: CodingKeys.allCases.map(\.rawValue))
      let container = try decoder.container(keyedBy: CodingKeys.self)
      version = try container.decode(Int.self, forKey: .version)
      worldUp = try container.decodeIfPresent(WorldUp.self, forKey: .worldUp)
      cameras = try container.decode([CameraJSON].self, forKey: .cameras)
    }
  }

  private static func explain(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context): "\(path(context.codingPath + [key])) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "\(path(context.codingPath)) has the wrong type"
    case .dataCorrupted(let context):
      context.codingPath.isEmpty ? "not JSON" : "\(path(context.codingPath)) \(context.debugDescription)"
    @unknown default: "not JSON"
    }
  }

  private static func path(_ keys: [any CodingKey]) -> String {
    keys.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue.prefix(40))" }.joined()
  }
}
