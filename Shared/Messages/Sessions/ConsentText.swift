/// The text of consent that the coach's page shows and ticks off.
public enum ConsentText {
  /// Of the wording on the page. A change of the wording gets a new one.
  static let edition = "2026-11-25"

  /// Recorded with every consent: which wording, and the days that it promises.
  public static func version(retentionDays: Int) -> String { "\(edition)/\(retentionDays)d" }
}
