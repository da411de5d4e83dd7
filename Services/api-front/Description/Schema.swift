import Messages

/// What a JSON value or a parameter may be (JSON Schema 2020-12, as OpenAPI 3.1 takes it).
struct Schema: Equatable, Sendable {
  private(set) var value: JSONValue

  init(_ fields: [String: JSONValue]) { value = .object(fields) }

  // MARK: Texts

  static func string(minLength: Int = 0, maxLength: Int? = nil, pattern: String? = nil, format: String? = nil) -> Schema
  {
    var fields: [String: JSONValue] = ["type": "string"]
    if minLength > 0 { fields["minLength"] = .integer(minLength) }
    if let maxLength { fields["maxLength"] = .integer(maxLength) }
    if let pattern { fields["pattern"] = .string(pattern) }
    if let format { fields["format"] = .string(format) }
    return Schema(fields)
  }

  static let text = string()
  static let instant = string(format: "date-time")
  /// The name of a session or device, see `Identifier`.
  static let identifier = string(minLength: 1, maxLength: 64, pattern: "^[A-Za-z0-9_-][A-Za-z0-9_.-]*$")
  /// A JSON Web Token (RFC 7519), as this server issues them.
  static let token = string(
    minLength: 1, maxLength: 4096, pattern: "^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$")
  /// A text without control and invisible characters, see `PlainText`; those that are refused here are so everywhere. Its limit is in bytes, so a long text of other scripts may
  /// still be refused.
  static func plainText(minLength: Int = 0, maxBytes: Int) -> Schema {
    string(minLength: minLength, maxLength: maxBytes, pattern: "^[^\(invisible)]*$")
  }

  private static let invisible =
    "\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b\\u200e\\u200f"
    + "\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb"

  static func choice<Value: CaseIterable & RawRepresentable>(_: Value.Type) -> Schema where Value.RawValue == String {
    Schema(["type": "string", "enum": .array(Value.allCases.map { .string($0.rawValue) })])
  }

  static func constant(_ text: String) -> Schema { Schema(["type": "string", "const": .string(text)]) }

  // MARK: Numbers

  static func integer(_ range: ClosedRange<Int>) -> Schema {
    Schema(["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)])
  }

  /// A clock's stamp: what a double holds exactly.
  static let microseconds = integer(-(1 << 53)...(1 << 53))

  static let count = Schema(["type": "integer", "minimum": 0])
  static let number = Schema(["type": "number"])

  static func number(_ range: ClosedRange<Double>) -> Schema {
    Schema(["type": "number", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)])
  }

  static let boolean = Schema(["type": "boolean"])
  /// Must be true.
  static let yes = Schema(["type": "boolean", "const": true])

  // MARK: Compounds

  /// An object that always has `fields` and may have `optional` ones. `isOpen`: others are there or are passed over.
  static func object(_ fields: [String: Schema], optional: [String: Schema] = [:], isOpen: Bool = false) -> Schema {
    Schema([
      "type": "object", "required": .array(fields.keys.sorted().map { .string($0) }),
      "properties": .object(fields.merging(optional) { a, _ in a }.mapValues(\.value)),
      "additionalProperties": .boolean(isOpen),
    ])
  }

  static func map(of schema: Schema) -> Schema { Schema(["type": "object", "additionalProperties": schema.value]) }
  static func array(of schema: Schema) -> Schema { Schema(["type": "array", "items": schema.value]) }
  static func reference(_ name: String) -> Schema { Schema(["$ref": .string("#/components/schemas/\(name)")]) }
  static func oneOf(_ schemas: [Schema]) -> Schema { Schema(["anyOf": .array(schemas.map(\.value))]) }

  func orNull() -> Schema { .oneOf([self, Schema(["type": "null"])]) }

  func described(_ text: String) -> Schema {
    guard case .object(var fields) = value else { return self }
    fields["description"] = .string(text)
    return Schema(fields)
  }
}
