import CTurboJPEG

/// What a JPEG says of itself before any pixel is decoded.
struct JPEGHeader: Equatable {
  let width: Int
  let height: Int
  /// One of turbojpeg's `TJSAMP_…` values.
  let subsampling: Int32
}

extension JPEGHeader {
  /// Reads the header. Bounds the work that a frame can cause before anything is allocated for it.
  init(_ jpeg: UnsafeRawBufferPointer, handle: tjhandle, maximumPixels: Int) throws(PoseError) {
    guard jpeg.count > 4, jpeg[0] == 0xFF, jpeg[1] == 0xD8 else {
      throw .notJPEG(reason: jpeg.isEmpty ? "it is empty" : "it does not begin with FF D8")
    }
    var width: Int32 = 0
    var height: Int32 = 0
    var subsampling: Int32 = 0
    var colourSpace: Int32 = 0
    let status = tjDecompressHeader3(
      handle, jpeg.baseAddress!.assumingMemoryBound(to: UInt8.self), UInt(jpeg.count), &width, &height, &subsampling,
      &colourSpace)
    guard status == 0 else { throw .damagedJPEG(reason: JPEGDecoder.lastMessage(of: handle)) }
    guard width > 0, height > 0 else { throw .damagedJPEG(reason: "it holds no picture") }
    guard colourSpace == Int32(TJCS_YCbCr.rawValue) || colourSpace == Int32(TJCS_GRAY.rawValue) else {
      throw .unsupportedJPEG(reason: "its colours are neither YCbCr nor grey")
    }
    guard subsampling >= 0, subsampling < Int32(TJ_NUMSAMP) else {
      throw .unsupportedJPEG(reason: "unknown chroma subsampling")
    }
    guard width >= 16, height >= 16, Int(width) * Int(height) <= maximumPixels else {
      throw .frameSizeRefused(width: Int(width), height: Int(height), limit: maximumPixels)
    }
    self.init(width: Int(width), height: Int(height), subsampling: subsampling)
  }
}
