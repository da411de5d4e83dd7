import Messages

/// The calibration documents of PROTOCOL.md, and the poses, for the description of the API.
enum CalibrationSchema {
  /// Axolotl's own form.
  static let cameras = Schema.object(
    ["version": .integer(1...1), "cameras": .array(of: camera)],
    optional: ["world_up": Schema(["type": "string", "enum": ["y", "z"]])])

  private static let camera = Schema.object([
    "name": .identifier, "image_width": .integer(16...16384), "image_height": .integer(16...16384),
    "focal_px": numbers(2), "centre_px": numbers(2), "distortion": numbers(5), "rotation": numbers(9),
    "translation_m": numbers(3),
  ])

  /// A Qualisys calibration, and which device stands for each of its cameras.
  static let qualisys = Schema.object([
    "version": .integer(1...1), "qualisys": .text,
    "cameras": .array(
      of: .object([
        "serial": .text, "name": .identifier, "image_width": .integer(16...16384), "image_height": .integer(16...16384),
      ])),
  ])

  static let poses = Schema.object([:], isOpen: true)

  private static func numbers(_ count: Int) -> Schema {
    Schema([
      "type": "array", "items": Schema.number.value, "minItems": .integer(count), "maxItems": .integer(count),
    ])
  }
}
