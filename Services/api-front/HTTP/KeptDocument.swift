/// A document that stays the same while the process runs: made when first asked for, then kept with its entity tag.
final class KeptDocument {
  private let make: () -> HTTPResponse
  private lazy var kept: (response: HTTPResponse, tag: String?) = prepare()

  init(_ make: @escaping () -> HTTPResponse) { self.make = make }

  func response(ifNoneMatch: String?) -> HTTPResponse {
    guard let tag = kept.tag, let ifNoneMatch, EntityTag.list(ifNoneMatch, contains: tag) else { return kept.response }
    return Self.tagged(HTTPResponse(.notModified), tag)
  }

  private func prepare() -> (HTTPResponse, String?) {
    let made = make()
    guard case .bytes(let bytes) = made.body, made.status == .ok, let tag = EntityTag.of(bytes) else {
      return (made, nil)
    }
    return (Self.tagged(made, tag), tag)
  }

  /// Asked about anew each time: another version of the server may have another one.
  private static func tagged(_ response: HTTPResponse, _ tag: String) -> HTTPResponse {
    response.adding("ETag", tag).adding("Cache-Control", "no-cache")
  }
}
