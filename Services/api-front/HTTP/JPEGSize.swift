/// The dimensions a JPEG announces in its frame header (ITU T.81, section B.2.2). Nothing else of it is looked at.
struct JPEGSize: Equatable {
  let width: UInt16
  let height: UInt16

  init?(_ bytes: ArraySlice<UInt8>) {
    guard bytes.starts(with: [0xFF, 0xD8]) else { return nil }
    var position = bytes.startIndex + 2
    func word(_ at: Int) -> Int { Int(bytes[at]) << 8 | Int(bytes[at + 1]) }
    while position + 9 < bytes.endIndex, bytes[position] == 0xFF {
      let marker = bytes[position + 1]
      if marker == 0xFF {
        position += 1
        continue
      }
      let isFrame = (0xC0...0xCF).contains(marker) && ![0xC4, 0xC8, 0xCC].contains(marker)
      if isFrame {
        height = UInt16(word(position + 5))
        width = UInt16(word(position + 7))
        guard width > 0, height > 0 else { return nil }
        return
      }
      let length = word(position + 2)
      guard length >= 2, marker != 0xDA else { return nil }
      position += 2 + length
    }
    return nil
  }
}
