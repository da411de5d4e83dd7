import Bus
import Messages
import Runtime
import Timing

/// The pages. The coach's page shows nothing by itself: what it asks the API for needs the cookie.
struct PageRoutes {
  let files: StaticFiles
  let access: AccessControl
  let tokens: RequestClient
  let cookie: CoachCookie
  let time: any TimeSource
  /// The authority that signed this server's certificate, when it is one of its own making.
  let authorityPath: String?

  private static let html = "text/html; charset=utf-8"
  /// With `If-None-Match` of what the browser has.
  private static let unchanged = [304: RouteDocumentation.Answer(content: [])]
  private static let certificateType = "application/x-x509-ca-cert"

  var routes: [Route] {
    [
      Route(
        .get, "/", for: .everyone, "The coach's page; with ?key= it signs the browser in",
        RouteDocumentation(
          query: [.init(name: "key", isRequired: false, description: "The coach's key")], responseType: Self.html,
          otherAnswers: [303: .init(content: []), 304: .init(content: [])], problems: [401, 429]),
        pace: .free, run: coachPage),
      Route(
        .get, "/pair", for: .everyone, "The phone's page",
        RouteDocumentation(
          query: [.init(name: "token", isRequired: false, description: "The pairing token")], responseType: Self.html,
          otherAnswers: Self.unchanged)
      ) { send($0, "pair.html") },
      Route(
        .get, "/clock", for: .everyone, "A screen that phones film, so that their synchronisation can be measured",
        RouteDocumentation(responseType: Self.html, otherAnswers: Self.unchanged)
      ) { send($0, "clock.html") },
      Route(
        .get, "/favicon.ico", for: .everyone, "The icon",
        RouteDocumentation(responseType: "image/svg+xml", otherAnswers: Self.unchanged)
      ) { send($0, "assets/icon.svg") },
      Route(
        .get, "/axolotl-ca.crt", for: .everyone, "The local certificate authority, to be trusted once by each phone",
        RouteDocumentation(responseType: Self.certificateType, problems: [404]), run: sendAuthority),
      Route(
        .get, "/assets/{path...}", for: .everyone, "What the pages load",
        RouteDocumentation(responseType: "*/*", otherAnswers: Self.unchanged)
      ) { call in send(call, "assets/\(call.exchange.parameters["path"] ?? "")") },
    ]
  }

  private func sendAuthority(_ call: RouteCall) {
    guard let authorityPath, let text = try? TextFile.read(authorityPath, limit: 1 << 16) else {
      return call.fail(.unknownRoute)
    }
    call.respond(.text(text, contentType: Self.certificateType))
  }

  private func send(_ call: RouteCall, _ name: String) {
    guard let response = files.response(name, ifNoneMatch: call.request.headers.ifNoneMatch) else {
      return call.fail(.unknownRoute)
    }
    call.respond(response)
  }

  private func coachPage(_ call: RouteCall) {
    guard let key = call.request.query["key"] else { return send(call, "index.html") }
    call.attempt { () throws(ServiceError) in
      try access.checkCoachKey(key, of: call.request)
      tokens.send(IssueCoachToken()) { result in
        if case .success = result { access.coachSignedIn(call.request) }
        call.answer(result) { reply in
          // The key leaves the address, and with it the history and every Referer.
          HTTPResponse(.seeOther).adding("Location", "/").adding(
            "Set-Cookie", cookie.setting(reply.token, seconds: reply.expiresAt - time.utcMicroseconds() / 1_000_000))
        }
      }
    }
  }
}

extension ServiceError {
  static let wrongCoachKey = ServiceError(
    code: "wrong_coach_key",
    message: "The key is not right. It stands at the end of the link that the server printed when it started.",
    status: 401)
}
