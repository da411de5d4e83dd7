/// One side's ICE user name fragment and password (RFC 8839, section 5.4).
struct IceCredentials: Equatable, Sendable {
  let ufrag: String
  let password: String

  /// The description with these credentials in place of its own.
  func replacing(in sdp: String) -> String {
    sdp.split(separator: "\r\n", omittingEmptySubsequences: false).map { line in
      if line.hasPrefix("a=ice-ufrag:") { return "a=ice-ufrag:\(ufrag)" }
      if line.hasPrefix("a=ice-pwd:") { return "a=ice-pwd:\(password)" }
      return String(line)
    }.joined(separator: "\r\n")
  }
}
