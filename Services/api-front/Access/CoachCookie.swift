import Messages

/// The cookie that keeps a coach's browser signed in: out of scripts' reach, and never sent for another site's page.
struct CoachCookie: Sendable {
  static let name = "axolotl_coach"

  /// Whether the browser sends it over HTTPS alone.
  private let isSecure: Bool

  /// - Parameter publicURL: where browsers find this server: a proxy in front may be who speaks HTTPS.
  init(isTLS: Bool, publicURL: String?) {
    isSecure = isTLS || publicURL?.lowercased().hasPrefix("https://") == true
  }

  /// The value of `Set-Cookie` that keeps `token` for so many seconds.
  func setting(_ token: String, seconds: Int64) -> String {
    "\(Self.name)=\(token); Path=/; Max-Age=\(max(0, seconds)); HttpOnly; SameSite=Strict"
      + (isSecure ? "; Secure" : "")
  }

  /// The value of `Set-Cookie` that makes the browser forget it.
  var clearing: String { setting("", seconds: 0) }
}
