/// How the client that asks reaches this server: addresses given back to it must work for it.
struct RequestOrigin: Equatable {
  /// `http://host:port`, without a slash at the end.
  let base: String
  var webSocketBase: String { base.hasPrefix("https") ? "wss" + base.dropFirst(5) : "ws" + base.dropFirst(4) }

  init(_ request: HTTPRequest, isTLS: Bool, publicURL: String?, fallback: String) {
    guard let host = request.headers.host, Self.isPlainAuthority(host) else {
      base = fallback
      return
    }
    // A proxy in front ends TLS: then the scheme is the public one.
    if let publicURL, let slashes = publicURL.firstIndex(of: "/"),
      publicURL[slashes...].dropFirst(2).prefix(while: { $0 != "/" }) == host
    {
      base = String(publicURL[..<slashes]) + "//" + host
    } else {
      base = "\(isTLS ? "https" : "http")://\(host)"
    }
  }

  /// What the client sent goes into an address that is handed on: nothing but a host and a port may be in it.
  static func isPlainAuthority(_ host: String) -> Bool {
    !host.isEmpty && host.utf8.count <= 255
      && host.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"),
          UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }
}
