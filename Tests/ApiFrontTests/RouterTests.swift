import Testing

@testable import ApiFront

@Suite struct RouterTests {
  private let router = Router<String>([
    .init(method: .get, pattern: PathPattern("/api/sessions"), target: "list"),
    .init(method: .get, pattern: PathPattern("/api/sessions/{id}"), target: "one"),
    .init(method: .delete, pattern: PathPattern("/api/sessions/{id}"), target: "delete"),
    .init(method: .get, pattern: PathPattern("/api/sessions/{id}/recordings/{path...}"), target: "file"),
    .init(method: .post, pattern: PathPattern("/api/make"), target: "make"),
  ])

  private func target(_ method: HTTPMethod, _ path: String) -> String? {
    if case .found(let target, _) = router.match(method, path) { target } else { nil }
  }

  private func allowed(_ method: HTTPMethod, _ path: String) -> [HTTPMethod]? {
    if case .wrongMethod(let allowed) = router.match(method, path) { allowed } else { nil }
  }

  @Test func findsByMethodAndPath() {
    #expect(target(.get, "/api/sessions") == "list")
    #expect(target(.get, "/api/sessions/abc") == "one")
    #expect(target(.delete, "/api/sessions/abc") == "delete")
  }

  @Test func headIsAnsweredWhereGetIs() {
    #expect(target(.head, "/api/sessions") == "list")
    #expect(allowed(.head, "/api/make") == [.post])
  }

  @Test func namesTheMethodsOfAKnownAddress() {
    #expect(allowed(.put, "/api/sessions/abc") == [.get, .delete, .head])
    #expect(allowed(.get, "/api/make") == [.post])
  }

  @Test func unknownAddressesAreNotFound() {
    for path in [
      "/", "/api", "/api/sessions/abc/other", "/api/sessions/abc/recordings", "/API/sessions", "/api/sessions/",
      "/api/sessions/abc/", "//api/sessions", "/api//sessions", "/api/sessions/abc/recordings/",
    ] {
      guard case .notFound = router.match(.get, path) else {
        Issue.record("\(path) was found")
        continue
      }
    }
  }

  @Test func parametersAreHandedOver() {
    guard case .found("file", let parameters) = router.match(.get, "/api/sessions/s1/recordings/d1/0001.mkv") else {
      Issue.record("not found")
      return
    }
    #expect(parameters["id"] == "s1")
    #expect(parameters["path"] == "d1/0001.mkv")
    #expect(parameters["other"] == nil)
  }
}
