/// The status codes this server answers with.
struct HTTPStatus: Hashable, Sendable, ExpressibleByIntegerLiteral {
  let code: Int
  init(integerLiteral code: Int) { self.code = code }
  init(_ code: Int) { self.code = code }

  static let ok: HTTPStatus = 200
  static let seeOther: HTTPStatus = 303
  static let notModified: HTTPStatus = 304
  static let permanentRedirect: HTTPStatus = 308

  /// The words of RFC 9110; clients must not rely on them.
  var reason: String {
    switch code {
    case 200: "OK"
    case 201: "Created"
    case 204: "No Content"
    case 303: "See Other"
    case 304: "Not Modified"
    case 308: "Permanent Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 410: "Gone"
    case 411: "Length Required"
    case 413: "Content Too Large"
    case 415: "Unsupported Media Type"
    case 422: "Unprocessable Content"
    case 426: "Upgrade Required"
    case 429: "Too Many Requests"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    default: "Status"
    }
  }

  var hasBody: Bool { code != 204 && code != 304 }
}
