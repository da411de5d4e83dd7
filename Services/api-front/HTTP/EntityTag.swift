/// Entity tags (RFC 9110, section 8.8.3).
enum EntityTag {
  /// Whether an `If-None-Match` list names `tag`, compared weakly as the RFC wants.
  static func list(_ list: String, contains tag: String) -> Bool {
    list.split(separator: ",").contains { item in
      let trimmed = item.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
      if trimmed == "*" { return true }
      return (trimmed.hasPrefix("W/") ? trimmed.dropFirst(2) : trimmed) == tag
    }
  }
}
