import Messages

/// Why a token was refused. The raw value is the public code, listed in PROTOCOL.md.
public enum TokenError: String, Error, CaseIterable, Sendable {
  case malformed = "token_malformed"
  case wrongAlgorithm = "token_wrong_algorithm"
  case unknownKey = "token_unknown_key"
  case badSignature = "token_bad_signature"
  case wrongKind = "token_wrong_kind"
  case wrongIssuer = "token_wrong_issuer"
  case notYetValid = "token_not_yet_valid"
  case expired = "token_expired"
  case revoked = "token_revoked"
  case alreadyUsed = "token_already_used"
  case full = "token_full"
  case timeToLiveOutOfRange = "token_ttl_out_of_range"
  case deviceCountOutOfRange = "token_device_count_out_of_range"
  case attemptOutOfRange = "token_attempt_out_of_range"
  case codeMalformed = "pairing_code_malformed"
  case codeUnknown = "pairing_code_unknown"
  case codeLocked = "pairing_code_locked"

  public var serviceError: ServiceError { ServiceError(code: rawValue, message: message, status: status) }

  /// Whatever is wrong with a token itself is 401: it opens nothing (RFC 6750, section 3.1).
  private var status: Int {
    switch self {
    case .timeToLiveOutOfRange, .deviceCountOutOfRange, .attemptOutOfRange, .codeMalformed: 400
    case .codeUnknown: 404
    case .codeLocked: 429
    case .alreadyUsed, .full: 409
    default: 401
    }
  }

  private var message: String {
    switch self {
    case .malformed: "This is no complete code of Axolotl. Scan the QR code again."
    case .wrongAlgorithm: "This code is not signed the way Axolotl signs. Scan the QR code again."
    case .unknownKey: "This code was signed with a key that is no longer in use. Ask the coach for a new QR code."
    case .badSignature: "This code's signature does not fit. Scan the QR code again."
    case .wrongKind: "This code is for another purpose. Scan the QR code, or use the coach's link."
    case .wrongIssuer: "This code was made by or for another system. Ask the coach for a new QR code."
    case .notYetValid: "This code is dated in the future: the server's clock was set back. Ask for a new QR code."
    case .expired: "This code has expired. Ask the coach for a new QR code."
    case .revoked: "This code is no longer good, or its session has ended. Ask the coach for a new QR code."
    case .alreadyUsed: "This phone's place is taken already. Reload the page on the phone that holds it."
    case .full: "All expected phones are registered. Ask the coach to allow more, or to remove one."
    case .timeToLiveOutOfRange: "ttl must be 300 to 3600 seconds."
    case .deviceCountOutOfRange: "A token serves 1 to 4 phones in 3D mode, 1 in single mode."
    case .attemptOutOfRange: "attempt must be 8 to 128 characters."
    case .codeMalformed: "A code has 8 letters and digits, such as 7Q4K-M2XD. Compare it with the coach's screen."
    case .codeUnknown: "No session has this code now. Compare it with the coach's screen: a new QR code has a new one."
    case .codeLocked:
      "Too many wrong codes are being typed on this server. Wait a second and try again, or scan the QR code."
    }
  }
}
