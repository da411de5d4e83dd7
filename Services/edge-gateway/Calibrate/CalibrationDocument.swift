import FoundationEssentials

/// A calibration in any of the forms that the coach may send:
///
/// - Axolotl's own JSON, see `CalibrationJSON`;
/// - a Qualisys `.qca.txt`, as it is: then its cameras' serials must be the devices' names;
/// - JSON around a Qualisys file that says which device stands for which camera and how large its picture is:
///   `{"version": 1, "qualisys": "<calibration…>", "cameras": [{"serial": "cam01", "name": "phone-a",
///   "image_width": 1080, "image_height": 1920}]}`. A picture smaller than the calibrated one lacks columns on the
///   right or rows at the bottom, as video encoders cut them. Cameras that are not listed are left out.
public enum CalibrationDocument {
  /// The longest document, bytes.
  public static let maxBytes = XMLReader.maxBytes

  /// Throws `CalibrationError`.
  public static func decode(_ bytes: [UInt8]) throws(CalibrationError) -> Calibration {
    guard bytes.count <= maxBytes else { throw .unreadable(reason: "it is longer than \(maxBytes) bytes") }
    let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let text = bytes.starts(with: byteOrderMark) ? Array(bytes.dropFirst(3)) : bytes
    if text.first(where: { $0 > UInt8(ascii: " ") }) == UInt8(ascii: "<") {
      return try QualisysCalibration.decode(text)
    }
    guard (try? JSONDecoder().decode(Probe.self, from: Data(text)))?.qualisys != nil else {
      return try CalibrationJSON.decode(text)
    }
    return try CalibrationJSON.parse(Wrapped.self, text).calibration()
  }

  private struct Probe: Decodable {
    let qualisys: String?
  }

  private struct Wrapped: Decodable {
    struct Picture: Decodable {
      let serial: String
      let name: String
      let width: Int
      let height: Int

      enum CodingKeys: String, CodingKey, CaseIterable {
        case serial, name
        case width = "image_width"
        case height = "image_height"
      }

      init(from decoder: any Decoder) throws {
        try refuseUnknownKeys(decoder, known: CodingKeys.allCases.map(\.rawValue))
        let container = try decoder.container(keyedBy: CodingKeys.self)
        serial = try container.decode(String.self, forKey: .serial)
        name = try container.decode(String.self, forKey: .name)
        width = try container.decode(Int.self, forKey: .width)
        height = try container.decode(Int.self, forKey: .height)
      }
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
      case version, qualisys, cameras
    }

    let version: Int
    let qualisys: String
    let cameras: [Picture]

    init(from decoder: any Decoder) throws {
      try refuseUnknownKeys(decoder, known: CodingKeys.allCases.map(\.rawValue))
      let container = try decoder.container(keyedBy: CodingKeys.self)
      version = try container.decode(Int.self, forKey: .version)
      qualisys = try container.decode(String.self, forKey: .qualisys)
      cameras = try container.decode([Picture].self, forKey: .cameras)
    }

    func calibration() throws(CalibrationError) -> Calibration {
      guard version == 1 else { throw .unreadable(reason: "version \(version) is unknown, this is version 1") }
      let all = try QualisysCalibration.decode(Array(qualisys.utf8))
      var chosen: [CameraModel] = []
      for picture in cameras {
        guard let camera = all.camera(named: picture.serial) else { throw .unknownCamera(picture.serial) }
        let cut = try camera.cropped(to: PixelSize(width: picture.width, height: picture.height))
        chosen.append(try cut.renamed(picture.name))
      }
      return try Calibration(cameras: chosen, worldUp: all.worldUp)
    }
  }
}
