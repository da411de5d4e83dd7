/// Refuses what a browser sends on behalf of a page from elsewhere (RFC 6454).
struct OriginCheck: Sendable {
  /// An origin besides the server's own address, such as that of a proxy in front: `https://rig.example`.
  let publicOrigin: String?

  init(publicURL: String?) {
    publicOrigin = publicURL.map { url in
      let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
      return parts.prefix(3).joined(separator: "/").lowercased()
    }
  }

  /// A request without `Origin` does not come from a page, or comes from one of this very server.
  func admits(_ request: HTTPRequest) -> Bool {
    guard let origin = request.headers.origin?.lowercased() else { return true }
    if origin == publicOrigin { return true }
    guard let host = request.headers.host?.lowercased() else { return false }
    return origin == "http://\(host)" || origin == "https://\(host)"
  }
}
