/// One flat JSON object: names with strings, whole numbers and literals, as the two JSON parts of our tokens are.
///
/// Stricter than JSON on purpose, and than `JSONDecoder` can be: a name that comes twice is refused (RFC 7515,
/// section 4; RFC 7519, section 4), and so are nesting, escapes, fractions, left-over bytes and invalid UTF-8. None
/// of these is in a token that Axolotl signs.
struct FlatJSON {
  enum Value: Hashable {
    case string(String)
    case integer(Int64)
    /// true, false or null: legal, of no use to us.
    case literal
  }

  private var members: [(name: String, value: Value)] = []

  /// nil where the bytes are anything else.
  init?(_ bytes: [UInt8]) {
    var reader = FlatJSONReader(bytes)
    guard reader.take("{") else { return nil }
    if !reader.take("}") {
      repeat {
        guard let name = reader.string(), reader.take(":"), let value = reader.value(),
          !members.contains(where: { $0.name == name }), members.count < Self.maximumMembers
        else { return nil }
        members.append((name, value))
      } while reader.take(",")
      guard reader.take("}") else { return nil }
    }
    guard reader.isAtEnd else { return nil }
  }

  private static let maximumMembers = 32

  func has(_ name: String) -> Bool { value(name) != nil }

  func string(_ name: String) -> String? {
    guard case .string(let text) = value(name) else { return nil }
    return text
  }

  func integer(_ name: String) -> Int64? {
    guard case .integer(let number) = value(name) else { return nil }
    return number
  }

  func value(_ name: String) -> Value? { members.first { $0.name == name }?.value }
}
