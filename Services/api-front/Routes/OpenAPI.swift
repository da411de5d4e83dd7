import FoundationEssentials
import Messages

/// The description of the API (OpenAPI 3.1), made from the table of routes, so that it cannot differ from it.
enum OpenAPI {
  struct Document: Encodable {
    struct Info: Encodable {
      let title = "Axolotl"
      let version: String
    }
    let openapi = "3.1.0"
    let info: Info
    let paths: [String: [String: Operation]]
    let components = Components()
  }

  struct Operation: Encodable {
    let summary: String
    let operationId: String
    let parameters: [Parameter]
    let requestBody: RequestBody?
    let responses: [String: Response]
    let security: [[String: [String]]]
  }

  struct Parameter: Encodable {
    let name: String
    let `in`: String
    let required: Bool
    let description: String?
    let schema = ["type": "string"]
  }

  struct RequestBody: Encodable {
    let required = true
    let content: [String: Empty]
  }

  struct Response: Encodable {
    let description: String
    let content: [String: Content]
  }

  struct Content: Encodable {
    let schema: [String: String]?
  }

  struct Empty: Encodable {}

  struct Components: Encodable {
    let securitySchemes = ["bearer": ["type": "http", "scheme": "bearer"]]
    let schemas = ["Problem": ProblemSchema()]
  }

  struct ProblemSchema: Encodable {
    let type = "object"
    let required = ["type", "title", "status", "code", "detail"]
    let properties = [
      "type": ["type": "string"], "title": ["type": "string"], "status": ["type": "integer"],
      "code": ["type": "string"], "detail": ["type": "string"],
    ]
  }

  static func document(_ routes: [Route], version: String) -> Document {
    var paths: [String: [String: Operation]] = [:]
    for route in routes {
      paths[path(route.pattern), default: [:]][route.method.rawValue.lowercased()] = operation(route)
    }
    return Document(info: .init(version: version), paths: paths)
  }

  private static func path(_ pattern: PathPattern) -> String {
    "/"
      + pattern.segments.map { segment in
        switch segment {
        case .literal(let text): text
        case .parameter(let name), .rest(let name): "{\(name)}"
        }
      }.joined(separator: "/")
  }

  private static func operation(_ route: Route) -> Operation {
    let inPath = route.pattern.segments.compactMap { segment -> Parameter? in
      switch segment {
      case .literal: nil
      case .parameter(let name), .rest(let name): Parameter(name: name, in: "path", required: true, description: nil)
      }
    }
    let inQuery = route.documentation.query.map {
      Parameter(name: $0.name, in: "query", required: $0.isRequired, description: $0.description)
    }
    var responses = [
      String(route.documentation.successStatus): Response(
        description: "Success", content: [route.documentation.responseType: Content(schema: nil)])
    ]
    for status in problems(of: route) {
      responses[String(status)] = Response(
        description: HTTPStatus(status).reason,
        content: [HTTPResponse.problemType: Content(schema: ["$ref": "#/components/schemas/Problem"])])
    }
    let types = route.documentation.requestTypes
    return Operation(
      summary: route.summary, operationId: identifier(route), parameters: inPath + inQuery,
      requestBody: types.isEmpty
        ? nil : RequestBody(content: Dictionary(uniqueKeysWithValues: types.map { ($0, Empty()) })),
      responses: responses, security: route.audience == .everyone ? [] : [["bearer": []]])
  }

  /// Besides its own, what any route may answer: a service away, a body too large or of unknown length, a foreign page.
  private static func problems(of route: Route) -> Set<Int> {
    var statuses = Set(route.documentation.problems).union([403, 503])
    if route.maximumBody > 0 { statuses.formUnion([400, 411, 413]) }
    return statuses
  }

  private static func identifier(_ route: Route) -> String {
    let words = route.pattern.text.map { $0.isLetter || $0.isNumber ? $0 : "_" }
    return route.method.rawValue.lowercased() + String(words)
  }
}
