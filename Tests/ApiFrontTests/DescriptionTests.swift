import Testing

@testable import ApiFront

@Suite struct DescriptionTests {
  private let routes = [
    Route(
      .get, "/api/sessions/{id}/recordings/{path...}", for: .coach, "One file", RouteDocumentation(problems: [404]),
      run: { _ in }),
    Route(
      .put, "/api/sessions/{id}/calibration", for: .coach, "Calibrate",
      RouteDocumentation(requestTypes: ["application/json"], requestSchema: .boolean), maximumBody: 10, run: { _ in }),
    Route(.get, "/api/pairing/x", for: .everyone, "Pair", run: { _ in }),
    Route(
      .get, "/readyz", for: .everyone, "Ready",
      RouteDocumentation(otherAnswers: [503: .init(content: [("application/json", .count)])]), run: { _ in }),
    Route(.get, "/api/sessions/{id}/calibration", for: .everyone, "Calibration", run: { _ in }),
  ]

  private func operation(_ method: String, _ path: String) throws -> JSONValue {
    try #require(OpenAPI.document(routes, version: "1")["paths"]?[path]?[method])
  }

  @Test func everyRouteIsDescribed() throws {
    let file = try operation("get", "/api/sessions/{id}/recordings/{path}")
    #expect(file["parameters"]?.items.map { $0["name"] } == ["id", "path"])
    #expect(file["responses"]?["404"] != nil)
    #expect(file["security"] == [["coachKey": []], ["coachCookie": []]])
    let put = try operation("put", "/api/sessions/{id}/calibration")
    #expect(put["requestBody"]?["content"]?["application/json"]?["schema"] == Schema.boolean.value)
    #expect(put["responses"]?["413"] != nil)
    let get = try operation("get", "/api/sessions/{id}/calibration")
    #expect(get["security"] == [])
    #expect(get["responses"]?["401"] == nil && get["responses"]?["429"] == nil)
  }

  @Test func aBodyThatMayBeLeftOutIsSaidToBe() throws {
    let routes = [true, false].map { isOptional in
      Route(
        .post, "/\(isOptional)", for: .everyone, "s",
        RouteDocumentation(requestTypes: ["application/json"], requestSchema: .boolean, isBodyOptional: isOptional),
        run: { _ in })
    }
    let document = OpenAPI.document(routes, version: "1")
    #expect(document["paths"]?["/true"]?["post"]?["requestBody"]?["required"] == false)
    #expect(document["paths"]?["/false"]?["post"]?["requestBody"]?["required"] == true)
  }

  @Test func aLimitedRouteSaysSo() throws {
    #expect(try operation("get", "/api/pairing/x")["responses"]?["429"] != nil)
  }

  /// 503 of a route may be its own document and a problem: it says both.
  @Test func anAnswerThatMayBeAProblemSaysBoth() throws {
    let content = try operation("get", "/readyz")["responses"]?["503"]?["content"]
    #expect(content?["application/json"]?["schema"] == Schema.count.value)
    #expect(content?["application/problem+json"] != nil)
  }

  @Test func objectsNameWhatTheyAlwaysHave() {
    let schema = Schema.object(["b": .text, "a": .yes], optional: ["c": Schema.count.orNull()])
    #expect(schema.value["required"] == ["a", "b"])
    #expect(schema.value["additionalProperties"] == false)
    #expect(schema.value["properties"]?["c"]?["anyOf"]?.items.count == 2)
  }

  @Test func figuresOfSeveralProcessesAreGroupedByName() {
    let merged = MetricsText.merge([
      "# HELP up Is it up.\n# TYPE up gauge\nup{service=\"a\"} 1\n",
      "# HELP other O.\n# TYPE other counter\nother 2\n# HELP up Is it up.\n# TYPE up gauge\nup{service=\"b\"} 1\n", "",
    ])
    #expect(
      merged == """
        # HELP other O.
        # TYPE other counter
        other 2
        # HELP up Is it up.
        # TYPE up gauge
        up{service="a"} 1
        up{service="b"} 1

        """)
  }
}

extension JSONValue {
  fileprivate subscript(name: String) -> JSONValue? {
    if case .object(let fields) = self { fields[name] } else { nil }
  }

  fileprivate var items: [JSONValue] { if case .array(let values) = self { values } else { [] } }
}
