/// Refuses what a browser sends on behalf of a page from elsewhere (RFC 6454), unless the operator allows that page.
struct OriginCheck: Sendable {
  enum Verdict: Equatable {
    /// No page asks, or one of this very server.
    case own
    /// A page of another site that the operator named: answers carry the headers of the Fetch standard's CORS protocol.
    case allowed(origin: String)
    case refused
  }

  /// An origin besides the server's own address, such as that of a proxy in front: `https://rig.example`.
  let publicOrigin: String?
  private let allowed: Set<String>
  /// A page of the same host without TLS is another's: anybody on the network can put words into it. Without TLS here, a
  /// proxy in front may add it.
  private let ownSchemes: [String]

  init(publicURL: String?, isTLS: Bool, allowed: [String] = []) {
    ownSchemes = isTLS ? ["https"] : ["http", "https"]
    publicOrigin = publicURL.map { url in
      let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
      return parts.prefix(3).joined(separator: "/").lowercased()
    }
    self.allowed = Set(allowed.map { $0.lowercased() })
  }

  func verdict(_ request: HTTPRequest) -> Verdict {
    guard let origin = request.headers.origin?.lowercased() else { return .own }
    if origin == publicOrigin { return .own }
    if let host = request.headers.host?.lowercased(), ownSchemes.contains(where: { origin == "\($0)://\(host)" }) {
      return .own
    }
    return allowed.contains(origin) ? .allowed(origin: origin) : .refused
  }

  /// What a browser wants to read on an answer before it hands it to a page of `origin`.
  ///
  /// Cookies are never allowed: such a page sends a bearer token.
  static func headers(for origin: String) -> [(name: String, value: String)] {
    [
      ("Access-Control-Allow-Origin", origin),
      ("Access-Control-Expose-Headers", "Retry-After, Content-Disposition, ETag"),
      ("Vary", "Origin"),
    ]
  }

  /// The answer to the question that a browser asks ahead of such a page's request.
  static func preflight(_ methods: [HTTPMethod]) -> HTTPResponse {
    HTTPResponse(204).adding("Access-Control-Allow-Methods", methods.map(\.rawValue).joined(separator: ", "))
      .adding("Access-Control-Allow-Headers", "Authorization, Content-Type").adding("Access-Control-Max-Age", "600")
  }
}
