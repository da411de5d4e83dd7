/// Why bytes from outside were refused. It costs that one message, never the process.
public enum DecodingFailure: Error, Hashable, Sendable {
  /// The message ends before its fields do.
  case truncated(needed: Int, have: Int)
  /// Bytes are left over after the last field.
  case trailingBytes(Int)
  /// It does not start with the bytes that name this layout.
  case wrongMagic
  /// A field holds a value that this version does not know.
  case unknownValue(field: String)
  /// A field, or the message, is larger than allowed.
  case tooLarge(field: String, limit: Int)
  /// A field holds a value that makes no sense.
  case invalid(field: String)
}
