import Foundation

/// The JPEG that every frame carries.
struct LoadPicture {
  let bytes: [UInt8]
  let width: UInt16
  let height: UInt16

  private static let longestSegment = 65_533

  /// - Parameter size: comment segments (COM, ITU-T T.81 section B.2.4.5) fill it up to this many bytes.
  init(path: String, bytes size: Int?) throws {
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    guard bytes.count > 4, bytes[0] == 0xFF, bytes[1] == 0xD8 else { throw LoadFailure("\(path) is not a JPEG") }
    if let size {
      guard size >= bytes.count else { throw LoadFailure("\(path) has \(bytes.count) bytes already") }
      var filling: [UInt8] = []
      while size - bytes.count - filling.count >= 4 {
        let content = min(Self.longestSegment, size - bytes.count - filling.count - 4)
        filling += [0xFF, 0xFE, UInt8((content + 2) >> 8), UInt8((content + 2) & 0xFF)]
        filling += [UInt8](repeating: 0x20, count: content)
      }
      bytes.insert(contentsOf: filling, at: 2)
    }
    guard let (width, height) = Self.dimensions(of: bytes) else { throw LoadFailure("\(path) has no frame header") }
    (self.bytes, self.width, self.height) = (bytes, width, height)
  }

  /// Of the start-of-frame segment (ITU-T T.81 section B.2.2).
  private static func dimensions(of bytes: [UInt8]) -> (UInt16, UInt16)? {
    var index = 2
    func word(_ at: Int) -> Int { Int(bytes[at]) << 8 | Int(bytes[at + 1]) }
    while index + 9 < bytes.count, bytes[index] == 0xFF {
      if (0xC0...0xC2).contains(bytes[index + 1]) { return (UInt16(word(index + 7)), UInt16(word(index + 5))) }
      index += 2 + word(index + 2)
    }
    return nil
  }
}
