/// The name of a session: letters, digits, `-`, `_` and `.`, 1 to 64 characters, not starting with a dot.
///
/// Safe as a folder name, a URL path segment and a log value.
public struct SessionID: Hashable, Comparable, Sendable {
  public let text: String
  public init?(_ text: String) {
    guard Identifier.isValid(text) else { return nil }
    self.text = text
  }
  public static func < (a: SessionID, b: SessionID) -> Bool { a.text < b.text }
}

/// The name a phone gave itself, unique within its session; same alphabet as `SessionID`.
public struct DeviceID: Hashable, Comparable, Sendable {
  public let text: String
  public init?(_ text: String) {
    guard Identifier.isValid(text) else { return nil }
    self.text = text
  }
  public static func < (a: DeviceID, b: DeviceID) -> Bool { a.text < b.text }
}

/// One phone of one session: what frames, recordings and poses are filed under.
public struct DeviceKey: Hashable, Comparable, Codable, Sendable, CustomStringConvertible {
  public let session: SessionID
  public let device: DeviceID
  public init(session: SessionID, device: DeviceID) {
    self.session = session
    self.device = device
  }
  public var description: String { "\(session.text)/\(device.text)" }
  public static func < (a: DeviceKey, b: DeviceKey) -> Bool { (a.session, a.device) < (b.session, b.device) }
}

/// Names one deletion of one session: 32 hexadecimal digits, random, so that what is kept under it tells nothing of the
/// session. Safe as a part of a file's name.
public struct DeletionID: Hashable, Sendable {
  /// How long whoever removes something remembers, by this name, how much it was, seconds: session-svc asks again within a
  /// minute of being there.
  public static let memorySeconds: Int64 = 7 * 86_400

  public let text: String
  public init?(_ text: String) {
    let isDigit = { (byte: UInt8) in
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
    guard text.utf8.count == 32, text.utf8.allSatisfy(isDigit) else { return nil }
    self.text = text
  }
}

enum Identifier {
  static let maximumLength = 64

  static func isValid(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      guard (1...maximumLength).contains(bytes.count), bytes[0] != UInt8(ascii: ".") else { return false }
      return bytes.allSatisfy { byte in
        byte < 128 && ((byte < 64 ? allowedBelow64 : allowedFrom64) >> UInt64(byte & 63)) & 1 == 1
      }
    }
  }

  /// A bit for each allowed character of ASCII: `-.0…9` in the lower half, `A…Z_a…z` in the upper. Identifiers are read
  /// in every message; spelt out as comparisons this was seen in profiles.
  private static let allowedBelow64: UInt64 = 0x03FF_6000_0000_0000
  private static let allowedFrom64: UInt64 = 0x07FF_FFFE_87FF_FFFE

  static func decode<Value>(_ decoder: any Decoder, _ make: (String) -> Value?) throws -> Value {
    let container = try decoder.singleValueContainer()
    guard let value = make(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "not 1 to \(maximumLength) of the characters A-Z a-z 0-9 - _ .")
    }
    return value
  }

  static func encode(_ text: String, to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

extension SessionID: Codable {
  public init(from decoder: any Decoder) throws { self = try Identifier.decode(decoder) { SessionID($0) } }
  public func encode(to encoder: any Encoder) throws { try Identifier.encode(text, to: encoder) }
}

extension DeletionID: Codable {
  public init(from decoder: any Decoder) throws { self = try Identifier.decode(decoder) { DeletionID($0) } }
  public func encode(to encoder: any Encoder) throws { try Identifier.encode(text, to: encoder) }
}

extension DeviceID: Codable {
  public init(from decoder: any Decoder) throws { self = try Identifier.decode(decoder) { DeviceID($0) } }
  public func encode(to encoder: any Encoder) throws { try Identifier.encode(text, to: encoder) }
}
