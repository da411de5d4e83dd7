/// One camera as the calibration form writes it.
struct CameraJSON: Codable {
  var name: String
  var imageWidth: Int
  var imageHeight: Int
  var focal: [Double]
  var centre: [Double]
  var distortion: [Double]
  var rotation: [Double]
  var translation: [Double]

  enum CodingKeys: String, CodingKey, CaseIterable {
    case name
    case imageWidth = "image_width"
    case imageHeight = "image_height"
    case focal = "focal_px"
    case centre = "centre_px"
    case distortion
    case rotation
    case translation = "translation_m"
  }

  init(_ camera: CameraModel) {
    name = camera.name
    imageWidth = camera.imageSize.width
    imageHeight = camera.imageSize.height
    focal = [camera.focal.x, camera.focal.y]
    centre = [camera.centre.x, camera.centre.y]
    distortion = camera.distortion.coefficients
    rotation = camera.rotation.rowMajor
    translation = [camera.translation.x, camera.translation.y, camera.translation.z]
  }

  init(from decoder: any Decoder) throws {
    try refuseUnknownKeys(decoder, known: CodingKeys.allCases.map(\.rawValue))
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decode(String.self, forKey: .name)
    imageWidth = try container.decode(Int.self, forKey: .imageWidth)
    imageHeight = try container.decode(Int.self, forKey: .imageHeight)
    focal = try container.decode([Double].self, forKey: .focal)
    centre = try container.decode([Double].self, forKey: .centre)
    distortion = try container.decode([Double].self, forKey: .distortion)
    rotation = try container.decode([Double].self, forKey: .rotation)
    translation = try container.decode([Double].self, forKey: .translation)
  }

  /// Throws `CalibrationError`.
  func model() throws(CalibrationError) -> CameraModel {
    guard focal.count == 2 else { throw .missing(camera: name, field: "focal_px of 2 numbers") }
    guard centre.count == 2 else { throw .missing(camera: name, field: "centre_px of 2 numbers") }
    guard let lens = LensDistortion(coefficients: distortion) else {
      throw .missing(camera: name, field: "distortion of 5 numbers")
    }
    guard let turn = Matrix3(rowMajor: rotation) else { throw .missing(camera: name, field: "rotation of 9 numbers") }
    guard translation.count == 3 else { throw .missing(camera: name, field: "translation_m of 3 numbers") }
    return try CameraModel(
      name: name, imageSize: PixelSize(width: imageWidth, height: imageHeight), focal: SIMD2(focal[0], focal[1]),
      centre: SIMD2(centre[0], centre[1]), distortion: lens, rotation: turn,
      translation: SIMD3(translation[0], translation[1], translation[2]))
  }
}

/// Throws a `DecodingError` that names the first key of `decoder`'s object that is not `known`.
func refuseUnknownKeys(_ decoder: any Decoder, known: [String]) throws {
  let container = try decoder.container(keyedBy: AnyKey.self)
  for key in container.allKeys where !known.contains(key.stringValue) {
    throw DecodingError.dataCorruptedError(forKey: key, in: container, debugDescription: "is not a known field")
  }
}

private struct AnyKey: CodingKey {
  var stringValue: String
  var intValue: Int? { nil }
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}
