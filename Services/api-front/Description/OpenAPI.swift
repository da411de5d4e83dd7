import Messages

/// The description of the API (OpenAPI 3.1), made from the table of routes, so that it cannot differ from it.
enum OpenAPI {
  static func document(_ routes: [Route], version: String) -> JSONValue {
    var paths: [String: [String: JSONValue]] = [:]
    for route in routes {
      paths[path(route.pattern), default: [:]][route.method.rawValue.lowercased()] = operation(route)
    }
    return [
      "openapi": "3.1.0",
      "info": [
        "title": "Axolotl", "version": .string(version),
        "description": .string(
          "Errors are problem documents (RFC 9457) with a stable code; PROTOCOL.md lists them. The WebSockets "
            + "/ws/pair/{session}/{device} and /ws/session/{session} are described there too."),
      ],
      "paths": .object(paths.mapValues { .object($0) }),
      "components": [
        "securitySchemes": .object(Credential.allCases.reduce(into: [:]) { $0[$1.rawValue] = $1.scheme }),
        "schemas": ["Problem": problem.value],
      ],
    ]
  }

  private static let problem = Schema.object(
    [
      "type": .text, "title": .text, "status": .integer(400...599), "code": .string(pattern: "^[a-z]+(_[a-z]+)*$"),
      "detail": .text,
    ], optional: ["retry_after_s": .count])

  private static func path(_ pattern: PathPattern) -> String {
    "/"
      + pattern.segments.map { segment in
        switch segment {
        case .literal(let text): text
        case .parameter(let name), .rest(let name): "{\(name)}"
        }
      }.joined(separator: "/")
  }

  private static func operation(_ route: Route) -> JSONValue {
    let documentation = route.documentation
    var fields: [String: JSONValue] = [
      "summary": .string(route.summary), "operationId": .string(identifier(route)),
      "parameters": .array(inPath(route) + documentation.query.map(inQuery)),
      "responses": .object(responses(of: route)),
      "security": .array(route.audience.credentials.map { [$0.rawValue: []] }),
    ]
    if !documentation.requestTypes.isEmpty {
      let content = documentation.requestTypes.map { type in (type, requestContent(type, documentation)) }
      fields["requestBody"] = [
        "required": .boolean(!documentation.isBodyOptional),
        "content": .object(Dictionary(uniqueKeysWithValues: content)),
      ]
    }
    return .object(fields)
  }

  private static func requestContent(_ type: String, _ documentation: RouteDocumentation) -> JSONValue {
    switch type {
    case HTTPResponse.jsonType: ["schema": (documentation.requestSchema ?? Schema([:])).value]
    case "multipart/form-data":
      ["schema": Schema.object(["frame": .string(format: "binary")], isOpen: true).value]
    default: ["schema": Schema.string(format: "binary").value]
    }
  }

  // MARK: Parameters

  private static func inPath(_ route: Route) -> [JSONValue] {
    route.pattern.segments.compactMap { segment in
      switch segment {
      case .literal: nil
      case .parameter(let name): parameter(name, "path", isRequired: true, schema: .identifier)
      case .rest(let name): parameter(name, "path", isRequired: true, schema: .string(minLength: 1))
      }
    }
  }

  private static func inQuery(_ query: RouteDocumentation.Query) -> JSONValue {
    parameter(query.name, "query", isRequired: query.isRequired, schema: query.schema.described(query.description))
  }

  private static func parameter(_ name: String, _ place: String, isRequired: Bool, schema: Schema) -> JSONValue {
    ["name": .string(name), "in": .string(place), "required": .boolean(isRequired), "schema": schema.value]
  }

  // MARK: Responses

  private static func responses(of route: Route) -> [String: JSONValue] {
    let documentation = route.documentation
    var responses: [String: JSONValue] = [:]
    for status in statuses(of: route) {
      responses[String(status)] = response(
        HTTPStatus(status), [(HTTPResponse.problemType, Schema.reference("Problem"))])
    }
    for (status, answer) in documentation.answers {
      var content = answer.content
      // The same status may also be a problem: the service that would answer is away.
      if responses[String(status)] != nil { content.append((HTTPResponse.problemType, .reference("Problem"))) }
      responses[String(status)] = response(HTTPStatus(status), content)
    }
    return responses
  }

  private static func response(_ status: HTTPStatus, _ content: [(type: String, schema: Schema?)]) -> JSONValue {
    var fields: [String: JSONValue] = ["description": .string(status.reason)]
    if !content.isEmpty {
      fields["content"] = .object(
        content.reduce(into: [:]) { $0[$1.type] = .object($1.schema.map { ["schema": $0.value] } ?? [:]) })
    }
    return .object(fields)
  }

  /// The problems a route names, and those that any route may answer: a request that cannot be read, a foreign page, a
  /// body too large or of unknown length, our own fault, a service away.
  private static func statuses(of route: Route) -> Set<Int> {
    var statuses = Set(route.documentation.problems).union([400, 403, 411, 413, 500, 503])
    if route.audience != .everyone { statuses.insert(401) }
    if route.audience != .everyone || route.pace != .free { statuses.insert(429) }
    // An identifier with a slash in it leads elsewhere.
    if route.pattern.segments.contains(where: { if case .literal = $0 { false } else { true } }) {
      statuses.insert(404)
    }
    return statuses
  }

  private static func identifier(_ route: Route) -> String {
    let words = route.pattern.text.map { $0.isLetter || $0.isNumber ? $0 : "_" }
    return route.method.rawValue.lowercased() + String(words)
  }
}

/// What may stand in a request to say who asks.
private enum Credential: String, CaseIterable {
  case coachKey
  case coachCookie
  case deviceToken

  var scheme: JSONValue {
    switch self {
    case .coachKey: ["type": "http", "scheme": "bearer", "description": "The coach's key."]
    case .coachCookie: ["type": "apiKey", "in": "cookie", "name": .string(CoachCookie.name)]
    case .deviceToken:
      ["type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A registered phone's own token."]
    }
  }
}

extension Audience {
  fileprivate var credentials: [Credential] {
    switch self {
    case .everyone: []
    case .coach: [.coachKey, .coachCookie]
    case .phone: [.deviceToken]
    case .coachOrPhone: [.coachKey, .coachCookie, .deviceToken]
    }
  }
}
