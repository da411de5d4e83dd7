import CQREncode

/// A QR code as an SVG: dark modules on white, with the quiet zone of four modules that scanners need.
enum QRCode {
  static let quietZone = 4

  /// nil when the text is too long for a QR code (about 2,300 bytes at level M).
  static func svg(_ text: String) -> String? {
    guard let code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M) else { return nil }
    defer { QRcode_free(code) }
    let width = Int(code.pointee.width)
    guard let modules = code.pointee.data else { return nil }
    let side = width + 2 * quietZone
    var path = ""
    for y in 0..<width {
      var x = 0
      while x < width {
        guard modules[y * width + x] & 1 == 1 else {
          x += 1
          continue
        }
        let start = x
        while x < width, modules[y * width + x] & 1 == 1 { x += 1 }
        path += "M\(start + quietZone) \(y + quietZone)h\(x - start)v1h-\(x - start)z"
      }
    }
    return #"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \#(side) \#(side)" shape-rendering="crispEdges" "#
      + #"role="img" aria-label="QR code"><rect width="\#(side)" height="\#(side)" fill="white"/>"#
      + #"<path fill="black" d="\#(path)"/></svg>"#
  }
}
