/// The numeric attributes of one element of a Qualisys camera.
struct QualisysFields {
  private let element: XMLElement
  private let camera: String

  init(_ parent: XMLElement, _ name: String, camera: String) throws(CalibrationError) {
    guard let element = parent.first(name) else { throw .missing(camera: camera, field: "<\(name)>") }
    self.element = element
    self.camera = camera
  }

  func number(_ name: String) throws(CalibrationError) -> Double {
    guard let text = element.attributes[name] else { throw .missing(camera: camera, field: name) }
    guard let value = Double(text), value.isFinite else { throw .notANumber(camera: camera, field: name) }
    return value
  }

  /// The number of whole pixels between `first` and the attribute `last`, both counted.
  func size(from first: Double, to last: String) throws(CalibrationError) -> Int {
    let size = try number(last) - first + 1
    guard let pixels = Int(exactly: size) else {
      throw .outOfRange(camera: camera, field: last, value: "\(size)")
    }
    return pixels
  }
}
