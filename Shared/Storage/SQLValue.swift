/// A value bound to a statement's parameter.
public enum SQLValue: Hashable, Sendable {
  case integer(Int64)
  case real(Double)
  case text(String)
  case blob([UInt8])
  case null

  public static func integer(_ value: Int) -> SQLValue { .integer(Int64(value)) }
  public static func boolean(_ value: Bool) -> SQLValue { .integer(value ? Int64(1) : Int64(0)) }
  public static func optional(_ value: String?) -> SQLValue { value.map { .text($0) } ?? .null }
  public static func optional(_ value: Int64?) -> SQLValue { value.map { .integer($0) } ?? .null }
}
