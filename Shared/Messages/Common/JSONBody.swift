import FoundationEssentials

/// JSON bodies of requests, replies and errors.
public enum JSONBody {
  public static func encode(_ value: some Encodable) throws -> [UInt8] { Array(try JSONEncoder().encode(value)) }

  public static func decode<Value: Decodable>(
    _ bytes: UnsafeRawBufferPointer, as _: Value.Type = Value.self
  ) throws -> Value {
    // No copy: the decoder is done with the bytes before they go.
    let data = Data(
      bytesNoCopy: UnsafeMutableRawPointer(mutating: bytes.baseAddress!), count: bytes.count, deallocator: .none)
    return try JSONDecoder().decode(Value.self, from: data)
  }
}
