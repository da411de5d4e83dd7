/// A picture's size in pixels.
public struct PixelSize: Sendable, Hashable, CustomStringConvertible {
  public let width: Int
  public let height: Int

  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  public var description: String { "\(width)×\(height)" }

  /// What a camera can deliver and the frame header can say.
  public var isPlausible: Bool { (16...65535).contains(width) && (16...65535).contains(height) }
}
