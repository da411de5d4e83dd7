import CTurboJPEG

/// Decodes JPEG into planes, at full size or a fraction of it. Colour conversion is left to the sampler, which needs
/// far fewer pixels than the frame has.
final class JPEGDecoder {
  /// 16.8 million pixels: beyond any phone's video, and 25 MB of planes.
  static let maximumPixels = 1 << 24

  private var handle: tjhandle
  private let memory = [PlaneMemory(), PlaneMemory(), PlaneMemory()]

  init() { handle = Self.makeHandle() }

  deinit { tjDestroy(handle) }

  func header(of jpeg: UnsafeRawBufferPointer) throws(PoseError) -> JPEGHeader {
    do {
      return try JPEGHeader(jpeg, handle: handle, maximumPixels: Self.maximumPixels)
    } catch {
      startAfresh()
      throw error
    }
  }

  /// Decodes a frame whose header has been read.
  ///
  /// - Parameter reduction: 1, 2, 4 or 8: by how much to shrink the picture, which saves most of the work.
  func decode(_ jpeg: UnsafeRawBufferPointer, header: JPEGHeader, reduction: Int) throws(PoseError) -> PlanarImage {
    let width = (header.width + reduction - 1) / reduction
    let height = (header.height + reduction - 1) / reduction
    let isGrey = header.subsampling == Int32(TJSAMP_GRAY.rawValue)
    var pointers: [UnsafeMutablePointer<UInt8>?] = []
    for component in 0..<(isGrey ? 1 : 3) {
      let size = tjPlaneSizeYUV(Int32(component), Int32(width), 0, Int32(height), header.subsampling)
      pointers.append(memory[component].atLeast(Int(size)))
    }
    while pointers.count < 3 { pointers.append(nil) }
    let status = tjDecompressToYUVPlanes(
      handle, jpeg.baseAddress!.assumingMemoryBound(to: UInt8.self), UInt(jpeg.count), &pointers, Int32(width), nil,
      Int32(height), TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS)
    guard status == 0 else {
      let reason = Self.lastMessage(of: handle)
      startAfresh()
      throw .damagedJPEG(reason: reason)
    }

    func plane(_ component: Int32, samplesX: Int32, samplesY: Int32) -> PlanarImage.Plane {
      let stride = Int(tjPlaneWidth(component, Int32(width), header.subsampling))
      let scaleX = 1 / Float(reduction * Int(samplesX))
      let scaleY = 1 / Float(reduction * Int(samplesY))
      return PlanarImage.Plane(
        samples: UnsafePointer(pointers[Int(component)]!),
        width: component == 0 ? width : stride,
        height: component == 0 ? height : Int(tjPlaneHeight(component, Int32(height), header.subsampling)),
        stride: stride, scaleX: scaleX, scaleY: scaleY)
    }
    let luma = plane(0, samplesX: 1, samplesY: 1)
    guard !isGrey else { return PlanarImage(luma: luma, chroma: nil) }
    let (across, down) = JPEGDecoder.samplesPerChromaSample(header.subsampling)
    return PlanarImage(
      luma: luma,
      chroma: (
        blue: plane(1, samplesX: across, samplesY: down), red: plane(2, samplesX: across, samplesY: down)
      ))
  }

  /// turbojpeg 2.1 stays in the middle of a header that it could not read, and would carry on there with the next frame.
  private func startAfresh() {
    tjDestroy(handle)
    handle = Self.makeHandle()
  }

  private static func makeHandle() -> tjhandle {
    guard let handle = tjInitDecompress() else { fatalError("turbojpeg has no memory for a decoder") }
    return handle
  }

  static func lastMessage(of handle: tjhandle) -> String {
    tjGetErrorStr2(handle).map { String(cString: $0) } ?? "unknown"
  }

  /// How many luma samples share a chroma sample, across and down.
  private static func samplesPerChromaSample(_ subsampling: Int32) -> (Int32, Int32) {
    switch UInt32(subsampling) {
    case TJSAMP_422.rawValue: (2, 1)
    case TJSAMP_420.rawValue: (2, 2)
    case TJSAMP_440.rawValue: (1, 2)
    case TJSAMP_411.rawValue: (4, 1)
    default: (1, 1)
    }
  }
}

/// The memory of one plane: kept from frame to frame, and replaced when a larger picture comes.
private final class PlaneMemory {
  private var buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 0)

  deinit { buffer.deallocate() }

  func atLeast(_ bytes: Int) -> UnsafeMutablePointer<UInt8> {
    if buffer.count < bytes {
      buffer.deallocate()
      buffer = .allocate(capacity: bytes)
    }
    return buffer.baseAddress!
  }
}
