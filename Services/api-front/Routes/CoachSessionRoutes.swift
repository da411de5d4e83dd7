import Bus
import Messages

/// `/api/coach/session`: what the printed link began in a browser, and how it ends.
struct CoachSessionRoutes {
  let tokens: RequestClient
  let cookie: CoachCookie
  /// Called when a browser was signed out, which may watch sessions.
  let onSignedOut: () -> Void

  var routes: [Route] {
    [
      Route(
        .delete, "/api/coach/session", for: .coach,
        "Sign this browser out: its cookie opens nothing any more, other browsers stay signed in",
        RouteDocumentation(responseSchema: .object(["signed_out": .yes]), problems: [409]), run: signOut)
    ]
  }

  struct SignedOut: Encodable {
    let signedOut = true
  }

  /// Answered as done only once token-svc has noted it: the cookie is in the hands of whoever kept it.
  private func signOut(_ call: RouteCall) {
    guard call.request.bearerToken == nil, let token = call.request.cookie(CoachCookie.name) else {
      return call.fail(.coachKeyStays)
    }
    tokens.send(RevokeCoachToken(token: token)) { result in
      if case .success = result { onSignedOut() }
      call.answer(result.mapError { $0.status == 401 ? .signedOut(code: $0.code) : $0 }) { _ in
        .json(SignedOut()).adding("Set-Cookie", cookie.clearing)
      }
    }
  }
}

extension ServiceError {
  static let coachKeyStays = ServiceError.conflict(
    "coach_key_stays",
    "Only a browser with a cookie can be signed out. The coach's key is good until it is changed: set AXOLOTL_COACH_KEY "
      + "to another one, or remove the file coach-key, and restart api-front.")
}
