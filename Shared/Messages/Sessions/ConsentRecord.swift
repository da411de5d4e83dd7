/// Who agreed to what, and when. For the coach alone.
public struct ConsentRecord: Codable, Hashable, Sendable {
  public let givenBy: String
  /// Microseconds since the Unix epoch.
  public let givenAt: Int64
  /// Of the text that was agreed to (`ConsentText.version`); nil when whoever agreed named none.
  public let textVersion: String?

  public init(givenBy: String, givenAt: Int64, textVersion: String?) {
    self.givenBy = givenBy
    self.givenAt = givenAt
    self.textVersion = textVersion
  }
}
