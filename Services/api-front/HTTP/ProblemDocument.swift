import FoundationEssentials
import Messages

/// An error as a client gets it (RFC 9457): `code` is for programs, `detail` says what to do next.
struct ProblemDocument: Encodable {
  let type: String
  let title: String
  let status: Int
  let code: String
  let detail: String

  init(_ error: ServiceError) {
    let status = HTTPStatus(error.status)
    type = "about:blank"
    title = status.reason
    self.status = status.code
    code = error.code
    detail = error.message
  }
}

extension HTTPResponse {
  static let problemType = "application/problem+json"

  static func problem(_ error: ServiceError) -> HTTPResponse {
    let known = (400...599).contains(error.status) ? error : .internalFault
    var response = HTTPResponse.json(ProblemDocument(known), status: HTTPStatus(known.status))
    response.contentType = problemType
    switch known.status {
    case 401: response.headers.append(("WWW-Authenticate", #"Bearer realm="axolotl""#))
    case 429, 503: response.headers.append(("Retry-After", String(known.retryAfterSeconds ?? 1)))
    default: break
    }
    return response
  }
}
