/// Where one camera saw one joint: pixels of that camera's model (OpenCV's convention), and how sure it is, 0…1.
public struct Sighting: Sendable {
  public var pixel: SIMD2<Double>
  public var confidence: Double

  @inline(__always)
  public init(pixel: SIMD2<Double>, confidence: Double) {
    self.pixel = pixel
    self.confidence = confidence
  }

  /// A camera that did not see the joint.
  public static let none = Sighting(pixel: .zero, confidence: 0)
}

/// What every camera of a rig saw of one joint, in the order of the rig. Lives on the stack.
public struct Sightings: Sendable {
  private var storage = InlineArray<8, Sighting>(repeating: .none)

  public init() {}

  @inline(__always)
  public subscript(camera: Int) -> Sighting {
    get { storage[camera] }
    set { storage[camera] = newValue }
  }
}

/// A joint in the world.
public struct TriangulatedJoint: Sendable, Equatable {
  /// Metres.
  public let position: SIMD3<Double>
  /// Mean distance between the joint's image and where the used cameras saw it, pixels; measured after undistortion.
  public let reprojectionErrorPx: Double
  /// How many cameras it was made from.
  public let views: Int
  /// Mean confidence of the used cameras times the share they have in all that was seen, 0…1.
  public let confidence: Double
}
