import COpenSSL

/// OpenSSL could not do its work. There is no wrong input among these: they mean a broken library or no memory.
public struct CryptoError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    case randomUnavailable = "random_unavailable"
    case digestFailed = "digest_failed"
    case macFailed = "mac_failed"
    /// A key or certificate could not be made, or what was read is none.
    case certificateFailed = "certificate_failed"
  }

  public let code: Code
  /// OpenSSL's own error number, 0 if it left none.
  public let opensslError: UInt

  init(_ code: Code) {
    self.code = code
    opensslError = ERR_get_error()
    ERR_clear_error()
  }

  public var description: String {
    let remedy =
      switch code {
      case .randomUnavailable: "Check that the process may call getrandom()."
      case .certificateFailed: "Check the PEM files; those that were made here may be removed, and are made anew."
      case .digestFailed, .macFailed: "Check that OpenSSL 3 is installed whole and offers SHA-256."
      }
    return "\(code.rawValue): OpenSSL error \(opensslError). \(remedy)"
  }
}
