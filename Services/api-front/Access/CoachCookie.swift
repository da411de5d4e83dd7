import Messages

/// The cookie that keeps a coach's browser signed in: out of scripts' reach, and never sent for another site's page.
struct CoachCookie: Sendable {
  static let name = "axolotl_coach"

  let isTLS: Bool

  /// The value of `Set-Cookie` that keeps `token` for so many seconds.
  func setting(_ token: String, seconds: Int64) -> String {
    "\(Self.name)=\(token); Path=/; Max-Age=\(max(0, seconds)); HttpOnly; SameSite=Strict" + (isTLS ? "; Secure" : "")
  }

  /// The value of `Set-Cookie` that makes the browser forget it.
  var clearing: String { setting("", seconds: 0) }
}
