import FoundationEssentials
import Messages

/// JSON bodies of requests and replies.
enum JSONBody {
  static func encode(_ value: some Encodable) throws -> BusMessage {
    let data = try JSONEncoder().encode(value)
    return data.withUnsafeBytes { BusMessage(copying: $0) }
  }

  static func decode<Value: Decodable>(_: Value.Type, _ message: BusMessage) throws -> Value {
    try message.withUnsafeBytes { bytes in
      // No copy: the decoder is done with the bytes before they go.
      let data = Data(
        bytesNoCopy: UnsafeMutableRawPointer(mutating: bytes.baseAddress!), count: bytes.count, deallocator: .none)
      return try JSONDecoder().decode(Value.self, from: data)
    }
  }
}
