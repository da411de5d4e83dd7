import Messages

/// Finds what answers a request, from a table.
struct Router<Target> {
  struct Entry {
    let method: HTTPMethod
    let pattern: PathPattern
    let target: Target
  }

  enum Match {
    case found(Target, PathParameters)
    /// The address exists, for other methods.
    case wrongMethod(allowed: [HTTPMethod])
    case notFound
  }

  let entries: [Entry]
  /// What is found without trying the table, by path and method: most requests are for a path without parameters.
  private let plain: [String: [Entry]]

  init(_ entries: [Entry]) {
    self.entries = entries
    var plain: [String: [Entry]] = [:]
    for entry in entries where entry.pattern.isLiteral {
      let segments = PathPattern.segments(of: entry.pattern.text)
      let first = entries.first { $0.method == entry.method && $0.pattern.match(segments) != nil }
      if let first, first.pattern.isLiteral { plain[entry.pattern.text, default: []].append(first) }
    }
    self.plain = plain
  }

  /// HEAD is answered where GET is. The first fitting entry of the table wins.
  func match(_ method: HTTPMethod, _ path: String) -> Match {
    let wanted = method == .head ? .get : method
    if let known = plain[path]?.first(where: { $0.method == wanted }) { return .found(known.target, PathParameters()) }
    let segments = PathPattern.segments(of: path)
    var allowed: [HTTPMethod] = []
    for entry in entries {
      guard let parameters = entry.pattern.match(segments) else { continue }
      if entry.method == wanted { return .found(entry.target, parameters) }
      if !allowed.contains(entry.method) { allowed.append(entry.method) }
    }
    if allowed.isEmpty { return .notFound }
    if allowed.contains(.get) { allowed.append(.head) }
    return .wrongMethod(allowed: allowed)
  }
}
