import FoundationEssentials
import Messages
import Testing

@testable import ApiFront

@Suite struct ResponseTests {
  private func head(_ response: HTTPResponse, closing: Bool = false) -> [String] {
    let bytes = ResponseHead.encode(response, closing: closing, date: Array("now".utf8))
    return String(decoding: bytes, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false).map(
      String.init)
  }

  @Test func headNamesLengthTypeAndConnection() {
    let lines = head(HTTPResponse.text("hello", contentType: "text/plain"))
    #expect(lines.first == "HTTP/1.1 200 OK")
    #expect(lines.contains("Content-Length: 5"))
    #expect(lines.contains("Content-Type: text/plain"))
    #expect(lines.contains("Connection: keep-alive"))
    #expect(lines.contains("X-Content-Type-Options: nosniff"))
    #expect(lines.suffix(2) == ["", ""])
    #expect(head(HTTPResponse(.ok), closing: true).contains("Connection: close"))
  }

  @Test func aNotModifiedHasNoBodyFields() {
    let lines = head(HTTPResponse(.notModified).adding("ETag", "\"x\""))
    #expect(!lines.contains { $0.hasPrefix("Content-Length") || $0.hasPrefix("Content-Type") })
    #expect(lines.contains("ETag: \"x\""))
  }

  @Test func aValueCannotAddAHeader() {
    let lines = head(HTTPResponse(.ok).adding("Location", "/a\r\nSet-Cookie: stolen=1"))
    #expect(lines.contains("Location: /aSet-Cookie: stolen=1"))
    #expect(!lines.contains { $0.hasPrefix("Set-Cookie") })
  }

  @Test func everyAnswerIsGuardedAndKeptNowhere() {
    let plain = head(HTTPResponse(.ok))
    for name in [
      "Content-Security-Policy", "Permissions-Policy", "Cache-Control", "Referrer-Policy", "X-Frame-Options",
      "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy",
    ] {
      #expect(plain.filter { $0.hasPrefix("\(name): ") }.count == 1)
    }
    #expect(plain.contains("Cache-Control: no-store"))
    let page = head(HTTPResponse(.ok).adding("Cache-Control", "no-cache"))
    #expect(page.filter { $0.hasPrefix("Cache-Control: ") } == ["Cache-Control: no-cache"])
  }

  @Test func aLimitSaysWhenToComeAgain() {
    let response = HTTPResponse.problem(.rateLimited(retryAfterSeconds: 7))
    #expect(response.status == 429)
    #expect(response.headers.contains { $0.name == "Retry-After" && $0.value == "7" })
  }

  @Test(arguments: [400, 401, 404, 409, 413, 429, 500, 501, 503])
  func theDocumentSaysWhatTheHeaderSays(status: Int) throws {
    for seconds in [nil, 7] {
      let error = ServiceError(code: "some_code", message: "m", status: status, retryAfterSeconds: seconds)
      let response = HTTPResponse.problem(error)
      let header = response.headers.first { $0.name == "Retry-After" }?.value
      #expect(header == ([429, 503].contains(status) ? String(seconds ?? 1) : nil))
      guard case .bytes(let bytes) = response.body else { throw CancellationError() }
      let fields = try JSONDecoder().decode([String: Field].self, from: Data(bytes))
      #expect(fields["retry_after_s"] == header.map { Field.number(Int($0)!) })
    }
  }

  @Test func problemsCarryTheCodeAndWhatToDo() throws {
    let response = HTTPResponse.problem(.bodyTooLarge(limit: 10))
    #expect(response.status == 413)
    #expect(response.contentType == "application/problem+json")
    guard case .bytes(let bytes) = response.body else { throw CancellationError() }
    let fields = try JSONDecoder().decode([String: Field].self, from: Data(bytes))
    #expect(fields["code"] == .text("body_too_large"))
    #expect(fields["status"] == .number(413))
    #expect(fields["title"] == .text("Content Too Large"))
    #expect(fields["detail"] == .text("The body may have at most 10 bytes here."))
  }

  @Test func aStatusThatIsNoErrorBecomesAnInternalOne() {
    #expect(HTTPResponse.problem(ServiceError(code: "odd", message: "", status: 200)).status == 500)
  }

  @Test func refusalsSayHowToComeBack() {
    #expect(HTTPResponse.problem(.coachOnly).headers.contains { $0.name == "WWW-Authenticate" })
    #expect(HTTPResponse.problem(.deadlineExceeded).headers.contains { $0.name == "Retry-After" })
  }

  private enum Field: Decodable, Equatable {
    case text(String)
    case number(Int)
    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Int.self) {
        self = .number(number)
      } else {
        self = .text(try container.decode(String.self))
      }
    }
  }

  @Test func dates() {
    #expect(HTTPDate.format(seconds: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(UTCText.format(seconds: 784_111_777) == "1994-11-06T08:49:37Z")
  }

  @Test(arguments: [
    ("\"a\"", true), ("W/\"a\"", true), ("\"b\", \"a\"", true), ("*", true), ("\"b\"", false), ("a", false),
  ])
  func entityTags(list: String, matches: Bool) {
    #expect(EntityTag.list(list, contains: "\"a\"") == matches)
  }
}
