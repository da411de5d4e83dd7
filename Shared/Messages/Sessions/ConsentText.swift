/// The text of parental consent that the coach's page shows and ticks off.
public enum ConsentText {
  /// Recorded with every consent. A change of the wording gets a new version.
  public static let version = "2026-11-24"
}
