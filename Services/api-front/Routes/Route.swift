import Messages

/// One line of the table of routes: who may call what, and what answers. A class, as every request is handed one.
final class Route {
  let method: HTTPMethod
  let pattern: PathPattern
  let audience: Audience
  let maximumBody: Int
  let deadline: Duration
  let pace: Pace
  let summary: String
  let documentation: RouteDocumentation
  let run: (RouteCall) -> Void

  init(
    _ method: HTTPMethod, _ path: String, for audience: Audience, _ summary: String,
    _ documentation: RouteDocumentation = RouteDocumentation(), maximumBody: Int = 0,
    deadline: Duration = .seconds(8), pace: Pace? = nil, run: @escaping (RouteCall) -> Void
  ) {
    self.method = method
    pattern = PathPattern(path)
    self.audience = audience
    self.maximumBody = maximumBody
    self.deadline = deadline
    self.summary = summary
    self.documentation = documentation
    self.pace = pace ?? Self.pace(of: path)
    self.run = run
  }

  /// Pairing is limited unless its route says why not.
  private static func pace(of path: String) -> Pace { path.hasPrefix("/api/pairing/") ? .pairing(cost: 1) : .free }
}
