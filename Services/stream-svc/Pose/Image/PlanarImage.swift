/// A decoded picture as JPEG stores it: a plane of luma and two of chroma, which may be coarser. The memory belongs to
/// the decoder and holds until it decodes again.
struct PlanarImage {
  /// One plane of 8-bit samples.
  struct Plane {
    let samples: UnsafePointer<UInt8>
    let width: Int
    let height: Int
    let stride: Int
    /// Samples per pixel of the full-size frame, across and down: 0.5 for the luma of a picture decoded at half size.
    let scaleX: Float
    let scaleY: Float
  }

  let luma: Plane
  /// Nil in a grey picture.
  let chroma: (blue: Plane, red: Plane)?
}
