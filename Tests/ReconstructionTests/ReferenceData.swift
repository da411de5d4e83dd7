import Foundation
import Testing

/// The committed answers of other programs that tests are held against. Each file's maker lies beside it.
enum ReferenceData {
  static func decode<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Value.self, from: try bytes(name))
  }

  static func bytes(_ name: String) throws -> Data {
    let url = try #require(Bundle.module.resourceURL)
    return try Data(contentsOf: url.appending(path: "Reference").appending(path: name))
  }
}
