/// A failure that crosses a process boundary: a stable code for programs, a sentence for people.
public struct ServiceError: Error, Codable, Hashable, Sendable {
  /// Stable, snake_case, listed in PROTOCOL.md.
  public let code: String
  /// What happened and what to do next. Never holds a secret or a personal label.
  public let message: String
  /// The HTTP status that `api-front` answers with.
  public let status: Int
  /// Seconds after which asking again makes sense, where that is known.
  public let retryAfterSeconds: Int?

  public init(code: String, message: String, status: Int, retryAfterSeconds: Int? = nil) {
    self.code = code
    self.message = message
    self.status = status
    self.retryAfterSeconds = retryAfterSeconds
  }
}

extension ServiceError {
  public static func invalid(_ code: String, _ message: String) -> ServiceError {
    ServiceError(code: code, message: message, status: 400)
  }

  public static func notFound(_ code: String, _ message: String) -> ServiceError {
    ServiceError(code: code, message: message, status: 404)
  }

  public static func conflict(_ code: String, _ message: String) -> ServiceError {
    ServiceError(code: code, message: message, status: 409)
  }

  /// The other process did not answer before the deadline.
  public static func timedOut(_ service: String) -> ServiceError {
    ServiceError(
      code: "service_unavailable", message: "\(service) did not answer in time. It may be restarting: try again.",
      status: 503)
  }

  /// The asker already waits for as many answers as it may.
  public static func overloaded(_ service: String) -> ServiceError {
    ServiceError(
      code: "overloaded", message: "Too many requests wait for \(service). Try again in a moment.", status: 503)
  }

  public static func malformed(_ what: String) -> ServiceError {
    ServiceError(code: "malformed_message", message: "\(what) could not be read.", status: 400)
  }

  /// Said by session-svc, and by edge-gateway of a session that was deleted meanwhile.
  public static let sessionNotFound = ServiceError.notFound(
    "session_not_found", "There is no such session. It may have been deleted: make a new one.")

  /// Said by session-svc of whom it does not let in any more, and by api-front as soon as it hears of a removal.
  public static let deviceRemoved = ServiceError(
    code: "device_removed", message: "The coach removed this phone. Ask for a new QR code to come back.", status: 403)

  /// Said of a phone that was let in a day ago: by stream-svc at that moment, by session-svc afterwards.
  public static let deviceTokenExpired = ServiceError(
    code: "token_expired", message: "The device token has expired. Pair again with a fresh QR code.", status: 401)

  /// A fault of our own; the details are in the log of the service that failed.
  public static let internalFault = ServiceError(
    code: "internal_error", message: "The server made a mistake. Its log says more; try again.", status: 500)
}
