import CTurboJPEG

/// JPEGs made for a test.
enum TestPicture {
  /// A picture whose colours come from a function of the pixel; three samples per pixel, four for CMYK.
  static func jpeg(
    width: Int, height: Int, format: TJPF = TJPF_RGB, subsampling: TJSAMP = TJSAMP_420,
    colour: (_ x: Int, _ y: Int) -> [UInt8]
  ) -> [UInt8] {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width { pixels += colour(x, y) }
    }
    let handle = tjInitCompress()
    defer { tjDestroy(handle) }
    var output: UnsafeMutablePointer<UInt8>?
    var size: UInt = 0
    let status = tjCompress2(
      handle, pixels, Int32(width), 0, Int32(height), format.rawValue, &output, &size, Int32(subsampling.rawValue), 95,
      0)
    precondition(status == 0, "turbojpeg did not compress the test picture")
    defer { tjFree(output) }
    return Array(UnsafeBufferPointer(start: output, count: Int(size)))
  }

  /// A wall, and nobody before it.
  static func emptyRoom() -> [UInt8] {
    jpeg(width: 720, height: 1280) { x, y in [UInt8(120 + x / 16), UInt8(110 + y / 32), 100] }
  }
}
