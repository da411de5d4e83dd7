import CTurboJPEG

@testable import StreamService

/// The input is a file that claims to be a JPEG.
enum JPEGTarget {
  /// The oracle: libjpeg-turbo, which decodes these pictures later.
  nonisolated(unsafe) private static let decoder = tjInitDecompress()

  static func run(_ file: UnsafeRawBufferPointer) -> Int32 {
    guard let picture = try? JPEGStructure(checking: file) else { return inputServed }
    hold(file.starts(with: [0xFF, 0xD8]) && file.suffix(2).elementsEqual([0xFF, 0xD9]), "a picture without its ends")
    hold(picture.components == 1 || picture.components == 3, "a picture of \(picture.components) components")
    checkSize(picture, file)
    checkEnds(file)
    return inputServed
  }

  /// libjpeg-turbo may find more to complain of; where it does not, both must see the same picture.
  private static func checkSize(_ picture: JPEGStructure, _ file: UnsafeRawBufferPointer) {
    var (width, height, subsampling, colourSpace): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    let start = file.baseAddress!.assumingMemoryBound(to: UInt8.self)
    guard
      tjDecompressHeader3(decoder, start, UInt(file.count), &width, &height, &subsampling, &colourSpace) == 0
    else { return }
    hold(
      Int32(picture.width) == width && Int32(picture.height) == height,
      "\(picture.width)×\(picture.height), which libjpeg-turbo reads as \(width)×\(height)")
  }

  /// No file is a picture both with and without its last byte, or with another one after it.
  private static func checkEnds(_ file: UnsafeRawBufferPointer) {
    let shorter = UnsafeRawBufferPointer(rebasing: file.dropLast())
    hold((try? JPEGStructure(checking: shorter)) == nil, "a picture that is cut short")
    let longer = Array(file) + [0]
    hold(longer.withUnsafeBytes { (try? JPEGStructure(checking: $0)) == nil }, "a picture with something behind it")
  }
}
