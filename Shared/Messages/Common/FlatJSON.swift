/// One flat JSON object: names with strings, whole numbers and literals, as the two JSON parts of our tokens are, and the
/// small bodies that come too often for `JSONDecoder`.
///
/// Stricter than JSON on purpose, and than `JSONDecoder` can be: a name that comes twice is refused (RFC 7515,
/// section 4; RFC 7519, section 4), and so are nesting, escapes, fractions, left-over bytes and invalid UTF-8. None
/// of these is in a token that Axolotl signs; of a body that has one, `JSONDecoder` has the last word.
public struct FlatJSON: Sendable {
  enum Value: Sendable {
    /// Where its bytes are; they are UTF-8.
    case string(Range<Int>)
    case integer(Int64)
    /// true, false or null: legal, of no use to us.
    case literal
  }

  private let bytes: [UInt8]
  private var members: [(name: Range<Int>, value: Value)] = []

  /// nil where the bytes are anything else.
  public init?(_ bytes: [UInt8]) {
    self.bytes = bytes
    members.reserveCapacity(8)
    var reader = FlatJSONReader(bytes)
    guard reader.take("{") else { return nil }
    if !reader.take("}") {
      repeat {
        guard let name = reader.string(), reader.take(":"), let value = reader.value(),
          !members.contains(where: { bytes[$0.name] == bytes[name] }), members.count < Self.maximumMembers
        else { return nil }
        members.append((name, value))
      } while reader.take(",")
      guard reader.take("}") else { return nil }
    }
    guard reader.isAtEnd else { return nil }
  }

  private static let maximumMembers = 32

  public func has(_ name: StaticString) -> Bool { value(name) != nil }

  public func string(_ name: StaticString) -> String? {
    guard case .string(let range) = value(name) else { return nil }
    return bytes.withUnsafeBytes { String(decoding: UnsafeRawBufferPointer(rebasing: $0[range]), as: UTF8.self) }
  }

  /// Whether `name` has exactly this string.
  public func has(_ name: StaticString, _ text: StaticString) -> Bool {
    guard case .string(let range) = value(name) else { return false }
    return isEqual(range, text)
  }

  public func integer(_ name: StaticString) -> Int64? {
    guard case .integer(let number) = value(name) else { return nil }
    return number
  }

  private func value(_ name: StaticString) -> Value? { members.first { isEqual($0.name, name) }?.value }

  private func isEqual(_ range: Range<Int>, _ text: StaticString) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    // Without a way out of the loop, as in `FlatJSONReader`.
    return bytes.withUnsafeBytes { bytes in
      var difference: UInt8 = 0
      for index in 0..<range.count { difference |= bytes[range.lowerBound + index] ^ text.utf8Start[index] }
      return difference == 0
    }
  }
}
