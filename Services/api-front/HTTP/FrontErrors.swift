import Messages

/// The errors that api-front itself gives. Those of other services pass through with their own codes.
extension ServiceError {
  static let unknownRoute = ServiceError.notFound(
    "not_found", "There is nothing at this address. GET /api/openapi.json lists what there is.")
  static let lengthRequired = ServiceError(
    code: "length_required", message: "Send the body with a Content-Length; chunked uploads are not accepted.",
    status: 411)
  static let badContentLength = ServiceError.invalid(
    "invalid_content_length", "Content-Length must be one whole number of bytes.")
  static let unknownMethod = ServiceError(
    code: "not_implemented", message: "This server speaks HTTP/1.1 with GET, HEAD, POST, PUT and DELETE.", status: 501)
  static let deadlineExceeded = ServiceError(
    code: "deadline_exceeded", message: "The answer did not come in time. A service may be restarting: try again.",
    status: 503)
  static let tooManyRequests = ServiceError(
    code: "overloaded", message: "Too many requests are being served. Try again in a moment.", status: 503)

  static func methodNotAllowed(_ allowed: String) -> ServiceError {
    ServiceError(code: "method_not_allowed", message: "This address takes \(allowed).", status: 405)
  }

  static func bodyTooLarge(limit: Int) -> ServiceError {
    ServiceError(code: "body_too_large", message: "The body may have at most \(limit) bytes here.", status: 413)
  }

  static let upgradeRefused = ServiceError.invalid(
    "unknown_upgrade", "Only WebSocket upgrades are answered, at /ws/pair/… and /ws/session/….")
}
