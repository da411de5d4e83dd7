extension CameraModel {
  /// The same camera for its picture scaled to another size, each axis by its own factor.
  ///
  /// The two factors may differ by up to 2 % (encoders round widths to multiples of 8 or 16); a bigger difference
  /// means that the picture was cut or turned, and throws `.aspectMismatch`.
  public func scaled(to size: PixelSize) throws(CalibrationError) -> CameraModel {
    if size == imageSize { return self }
    guard size.isPlausible else { throw .outOfRange(camera: name, field: "image size", value: "\(size)") }
    let factor = SIMD2(
      Double(size.width) / Double(imageSize.width), Double(size.height) / Double(imageSize.height))
    guard (factor.x / factor.y - 1).magnitude <= 0.02 else {
      throw .aspectMismatch(camera: name, calibrated: imageSize, wanted: size)
    }
    // Scaling keeps the picture's edges, and those lie half a pixel outside the centres of the outermost pixels.
    return try CameraModel(
      name: name, imageSize: size, focal: focal * factor, centre: (centre + 0.5) * factor - 0.5,
      distortion: distortion, rotation: rotation, translation: translation)
  }

  /// The same camera for the part of its picture that starts at `origin` and is `size` large.
  public func cropped(origin: SIMD2<Int> = SIMD2(0, 0), to size: PixelSize) throws(CalibrationError) -> CameraModel {
    guard size.isPlausible, origin.x >= 0, origin.y >= 0, origin.x + size.width <= imageSize.width,
      origin.y + size.height <= imageSize.height
    else { throw .outOfRange(camera: name, field: "crop", value: "\(size) of \(imageSize)") }
    return try CameraModel(
      name: name, imageSize: size, focal: focal, centre: centre - SIMD2(Double(origin.x), Double(origin.y)),
      distortion: distortion, rotation: rotation, translation: translation)
  }

  /// The same camera under another name, such as the device that stands in its place.
  public func renamed(_ name: String) throws(CalibrationError) -> CameraModel {
    try CameraModel(
      name: name, imageSize: imageSize, focal: focal, centre: centre, distortion: distortion, rotation: rotation,
      translation: translation)
  }
}
