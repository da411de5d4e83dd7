import FoundationEssentials
import Messages

/// An error as a client gets it (RFC 9457): `code` is for programs, `detail` says what to do next.
struct ProblemDocument: Encodable {
  let type: String
  let title: String
  let status: Int
  let code: String
  let detail: String
  /// Seconds, as in the header `Retry-After`, for those who are handed the body alone.
  let retryAfterS: Int?

  init(_ error: ServiceError) {
    let status = HTTPStatus(error.status)
    type = "about:blank"
    title = status.reason
    self.status = status.code
    code = error.code
    detail = error.message
    retryAfterS = [429, 503].contains(status.code) ? error.retryAfterSeconds ?? 1 : nil
  }
}

extension HTTPResponse {
  static let problemType = "application/problem+json"

  static func problem(_ error: ServiceError) -> HTTPResponse {
    let known = (400...599).contains(error.status) ? error : .internalFault
    let document = ProblemDocument(known)
    var response = HTTPResponse.json(document, status: HTTPStatus(known.status))
    response.contentType = problemType
    if known.status == 401 { response.headers.append(("WWW-Authenticate", #"Bearer realm="axolotl""#)) }
    if let seconds = document.retryAfterS { response.headers.append(("Retry-After", String(seconds))) }
    return response
  }
}
