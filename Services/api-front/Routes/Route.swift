import Messages

/// One line of the table of routes: who may call what, and what answers.
struct Route {
  let method: HTTPMethod
  let pattern: PathPattern
  let audience: Audience
  let maximumBody: Int
  let deadline: Duration
  let summary: String
  let documentation: RouteDocumentation
  let run: (RouteCall) -> Void

  init(
    _ method: HTTPMethod, _ path: String, for audience: Audience, _ summary: String,
    _ documentation: RouteDocumentation = RouteDocumentation(), maximumBody: Int = 0,
    deadline: Duration = .seconds(8), run: @escaping (RouteCall) -> Void
  ) {
    self.method = method
    pattern = PathPattern(path)
    self.audience = audience
    self.maximumBody = maximumBody
    self.deadline = deadline
    self.summary = summary
    self.documentation = documentation
    self.run = run
  }
}

/// What `/api/openapi.json` says of a route beyond its line in the table.
struct RouteDocumentation {
  struct Query {
    let name: String
    let isRequired: Bool
    let description: String
  }
  var query: [Query] = []
  /// Media types of the body, if it takes one.
  var requestTypes: [String] = []
  /// Media type of a success.
  var responseType = HTTPResponse.jsonType
  var successStatus = 200
  /// Statuses besides the success, each a problem document.
  var problems: [Int] = []
}
