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

  init(_ entries: [Entry]) { self.entries = entries }

  /// HEAD is answered where GET is. The first fitting entry of the table wins.
  func match(_ method: HTTPMethod, _ path: String) -> Match {
    let segments = PathPattern.segments(of: path)
    let wanted = method == .head ? .get : method
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
