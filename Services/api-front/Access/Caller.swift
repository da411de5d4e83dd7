import Messages

/// Who asks, once that is known.
enum Caller: Equatable {
  case anonymous
  case coach
  /// The token that it showed expires at that many seconds since the Unix epoch.
  case phone(DeviceKey, tokenExpiresAt: Int64)

  /// Whether this caller may see the session: the coach may see all, a phone its own.
  func maySee(_ session: SessionID) -> Bool {
    switch self {
    case .anonymous: false
    case .coach: true
    case .phone(let key, _): key.session == session
    }
  }
}

/// Who a route is for.
enum Audience: String, Sendable {
  case everyone
  case coach
  case phone
  case coachOrPhone

  func admits(_ caller: Caller) -> Bool {
    switch (self, caller) {
    case (.everyone, _), (.coach, .coach), (.phone, .phone), (.coachOrPhone, .coach), (.coachOrPhone, .phone): true
    default: false
    }
  }

  /// What somebody is told whom this route is not for.
  var refusal: ServiceError {
    switch self {
    case .everyone: .internalFault
    case .coach: .coachOnly
    case .phone: .phoneOnly
    case .coachOrPhone: .notSignedIn
    }
  }
}

extension ServiceError {
  static let notSignedIn = ServiceError(
    code: "unauthorized",
    message: "Send the coach's key or a device token as a bearer token, or open the link printed at the start.",
    status: 401)
  /// What token-svc says of a coach's cookie is worded for phones.
  static func signedOut(code: String) -> ServiceError {
    ServiceError(
      code: code, message: "This browser is signed in no more. Open the coach's link again, or type the key.",
      status: 401)
  }
  static let coachOnly = ServiceError(
    code: "coach_only", message: "This is for the coach. Open the link that the server printed when it started.",
    status: 401)
  static let phoneOnly = ServiceError(
    code: "phone_only", message: "This is for a registered phone. Register, then send the device token as a bearer.",
    status: 401)
  static let otherSession = ServiceError(
    code: "forbidden", message: "This device belongs to another session.", status: 403)
  static let otherDevice = ServiceError(
    code: "forbidden", message: "The device token belongs to another device.", status: 403)
  static let crossOrigin = ServiceError(
    code: "cross_origin_refused",
    message: "Pages of other sites may not call this server. Open the page from the server's own address.", status: 403)
}
