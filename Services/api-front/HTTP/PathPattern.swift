/// The path of a route, such as `/api/sessions/{id}/recordings`. A last segment `{rest...}` takes what is left.
struct PathPattern: Sendable, Hashable {
  enum Segment: Hashable, Sendable {
    case literal(String)
    case parameter(String)
    case rest(String)
  }

  let text: String
  let segments: [Segment]
  /// Whether it fits one path only.
  let isLiteral: Bool

  init(_ text: String) {
    self.text = text
    segments = Self.segments(of: text).map { part in
      guard part.hasPrefix("{"), part.hasSuffix("}") else { return .literal(String(part)) }
      let name = part.dropFirst().dropLast()
      return name.hasSuffix("...") ? .rest(String(name.dropLast(3))) : .parameter(String(name))
    }
    isLiteral = segments.allSatisfy { if case .literal = $0 { true } else { false } }
  }

  /// The parts of a path between its slashes. An empty one counts: `/sessions/s1/devices/../` resolves to `/sessions/s1/`,
  /// which must not pass for the session. Names cannot be dot segments (`Identifier`), so no client makes such a path itself.
  static func segments(of path: String) -> [Substring] {
    path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Substring($0) }
  }

  /// - Parameter path: what ``segments(of:)`` made of a request's path.
  func match(_ path: [Substring]) -> PathParameters? {
    var parameters = PathParameters()
    for (index, segment) in segments.enumerated() {
      if case .rest(let name) = segment {
        guard index < path.count, path[index] != "" else { return nil }
        parameters.values[name] = path[index...].joined(separator: "/")
        return parameters
      }
      guard index < path.count else { return nil }
      switch segment {
      case .literal(let text): if path[index] != text { return nil }
      case .parameter(let name):
        if path[index].isEmpty { return nil }
        parameters.values[name] = String(path[index])
      case .rest: return nil
      }
    }
    return path.count == segments.count ? parameters : nil
  }
}

/// The values that a path gave a pattern's parameters.
struct PathParameters: Sendable, Equatable {
  var values: [String: String] = [:]
  subscript(name: String) -> String? { values[name] }
}
