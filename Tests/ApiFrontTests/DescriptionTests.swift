import Testing

@testable import ApiFront

@Suite struct DescriptionTests {
  private let routes = [
    Route(
      .get, "/api/sessions/{id}/recordings/{path...}", for: .coach, "One file", RouteDocumentation(problems: [404]),
      run: { _ in }),
    Route(
      .put, "/api/sessions/{id}/calibration", for: .coach, "Calibrate",
      RouteDocumentation(requestTypes: ["application/json"]), maximumBody: 10, run: { _ in }),
    Route(.get, "/api/sessions/{id}/calibration", for: .everyone, "Calibration", run: { _ in }),
  ]

  @Test func everyRouteIsDescribed() throws {
    let document = OpenAPI.document(routes, version: "1")
    let file = try #require(document.paths["/api/sessions/{id}/recordings/{path}"]?["get"])
    #expect(file.parameters.map(\.name) == ["id", "path"])
    #expect(file.responses.keys.contains("404"))
    #expect(file.security == [["bearer": []]])
    let calibration = try #require(document.paths["/api/sessions/{id}/calibration"])
    #expect(calibration.keys.sorted() == ["get", "put"])
    #expect(calibration["put"]?.responses.keys.contains("413") == true)
    #expect(calibration["get"]?.responses.keys.contains("413") == false)
    #expect(calibration["get"]?.security == [])
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
