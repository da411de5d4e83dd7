/// What a secret must be, so that settings, `--check-config` and the files that services keep are judged alike.
public enum SecretShape {
  public static let signingKeyMinimumBytes = 32
  /// Fewer different bytes than this are a few characters repeated.
  public static let signingKeyMinimumDifferentBytes = 8
  public static let coachKeyMinimumBytes = 16

  public static func isSigningKey(_ text: String) -> Bool {
    text.utf8.count >= signingKeyMinimumBytes && Set(text.utf8).count >= signingKeyMinimumDifferentBytes
  }

  public static func isCoachKey(_ text: String) -> Bool { text.utf8.count >= coachKeyMinimumBytes }

  static let signingKeyExpectation =
    "at least \(signingKeyMinimumBytes) bytes, \(signingKeyMinimumDifferentBytes) of them different; "
    + "`openssl rand -hex 32` makes one"
}
