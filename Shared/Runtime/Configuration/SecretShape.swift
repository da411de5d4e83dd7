/// What a secret must be, so that settings, `--check-config` and the files that services keep are judged alike.
public enum SecretShape {
  public static let signingKeyMinimumBytes = 32
  public static let coachKeyMinimumBytes = 16
  /// Fewer different bytes than this are a few characters repeated.
  public static let minimumDifferentBytes = 8

  public static func isSigningKey(_ text: String) -> Bool { has(text, bytes: signingKeyMinimumBytes) }

  public static func isCoachKey(_ text: String) -> Bool { has(text, bytes: coachKeyMinimumBytes) }

  static let signingKeyExpectation = expectation(bytes: signingKeyMinimumBytes)
  public static let coachKeyExpectation = expectation(bytes: coachKeyMinimumBytes)

  private static func has(_ text: String, bytes: Int) -> Bool {
    text.utf8.count >= bytes && Set(text.utf8).count >= minimumDifferentBytes
  }

  private static func expectation(bytes: Int) -> String {
    "at least \(bytes) bytes, \(minimumDifferentBytes) of them different; `openssl rand -hex \(bytes)` makes one"
  }
}
