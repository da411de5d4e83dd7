/// The decoded `name=value` pairs after the `?` of a request.
struct QueryItems: Sendable, Equatable {
  let pairs: [(name: Substring, value: Substring)]

  /// Each item is one decoded `name=value`; without `=` the value is empty.
  init(_ decoded: [String]) {
    pairs = decoded.map { item in
      guard let equals = item.utf8.firstIndex(of: UInt8(ascii: "=")) else { return (item[...], "") }
      return (item[..<equals], item[item.utf8.index(after: equals)...])
    }
  }

  /// The first value of that name.
  subscript(name: String) -> String? {
    pairs.first { $0.name == name }.map { String($0.value) }
  }

  static func == (a: QueryItems, b: QueryItems) -> Bool { a.pairs.elementsEqual(b.pairs) { $0 == $1 } }
}
