import Messages

/// The record of a consent as the coach gets it.
struct ConsentDocument: Encodable {
  let givenBy: String
  let at: String
  /// Null when whoever agreed named no text.
  let textVersion: String?

  init(_ record: ConsentRecord) {
    givenBy = record.givenBy
    at = UTCText.format(seconds: record.givenAt / 1_000_000)
    textVersion = record.textVersion
  }

  private enum CodingKeys: String, CodingKey {
    case givenBy, at, textVersion
  }

  /// That no version was named is said, not left out.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(givenBy, forKey: .givenBy)
    try container.encode(at, forKey: .at)
    try container.encode(textVersion, forKey: .textVersion)
  }

  static let schema = Schema.object([
    "given_by": .text, "at": .instant,
    "text_version": Schema.text.orNull().described("Of the text that was agreed to; null if none was named"),
  ])
}
