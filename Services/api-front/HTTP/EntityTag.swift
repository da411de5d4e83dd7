import Crypto

/// Entity tags (RFC 9110, section 8.8.3).
enum EntityTag {
  /// The tag of what consists of these bytes; nil when they could not be digested.
  static func of(_ bytes: [UInt8]) -> String? {
    (try? SHA256.digest(of: bytes)).map { "\"\(Base64URL.encode($0.prefix(12)))\"" }
  }

  /// Whether an `If-None-Match` list names `tag`, compared weakly as the RFC wants.
  static func list(_ list: String, contains tag: String) -> Bool {
    list.split(separator: ",").contains { item in
      let trimmed = item.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
      if trimmed == "*" { return true }
      return (trimmed.hasPrefix("W/") ? trimmed.dropFirst(2) : trimmed) == tag
    }
  }
}
