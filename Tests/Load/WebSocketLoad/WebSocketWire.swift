/// The client's side of RFC 6455 framing, as far as a phone needs it.
enum WebSocketWire {
  enum Opcode: UInt8 {
    case text = 1
    case binary = 2
    case close = 8
    case ping = 9
    case pong = 10
  }

  /// The head of a whole client message (section 5.2). The masking key is zero: it is a valid key, and what is measured
  /// is the server, not the generator's arithmetic.
  static func head(_ opcode: Opcode, length: Int) -> [UInt8] {
    var head: [UInt8] = [0x80 | opcode.rawValue]
    switch length {
    case ..<126: head.append(0x80 | UInt8(length))
    case ..<65536: head += [0x80 | 126, UInt8(length >> 8), UInt8(length & 0xFF)]
    default: head += [0x80 | 127] + (0..<8).map { UInt8(truncatingIfNeeded: length >> (56 - 8 * $0)) }
    }
    return head + [0, 0, 0, 0]
  }

  /// The first whole server message in `bytes`, and how many bytes it took; nil while it is incomplete.
  static func first(in bytes: ArraySlice<UInt8>) throws -> (opcode: Opcode, payload: ArraySlice<UInt8>, size: Int)? {
    let start = bytes.startIndex
    guard bytes.count >= 2 else { return nil }
    guard bytes[start] & 0x80 != 0, let opcode = Opcode(rawValue: bytes[start] & 0x0F) else {
      throw LoadFailure("the server sent a fragmented or unknown message")
    }
    var length = Int(bytes[start + 1] & 0x7F)
    var head = 2
    if length == 126 {
      guard bytes.count >= 4 else { return nil }
      length = Int(bytes[start + 2]) << 8 | Int(bytes[start + 3])
      head = 4
    } else if length == 127 {
      throw LoadFailure("the server sent a message of more than 64 KiB")
    }
    guard bytes.count >= head + length else { return nil }
    return (opcode, bytes[(start + head)..<(start + head + length)], head + length)
  }
}
