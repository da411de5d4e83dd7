/// `ws://host:port/path?query`, taken apart.
struct WebSocketAddress {
  let host: String
  let port: UInt16
  let target: String

  init(_ text: String) throws {
    guard text.hasPrefix("ws://") else { throw LoadFailure("an address must begin with ws://") }
    let rest = text.dropFirst(5)
    guard let slash = rest.firstIndex(of: "/") else { throw LoadFailure("an address has no path") }
    let authority = rest[..<slash].split(separator: ":")
    guard authority.count == 2, let port = UInt16(authority[1]) else { throw LoadFailure("an address has no port") }
    host = authority[0] == "localhost" ? "127.0.0.1" : String(authority[0])
    self.port = port
    target = String(rest[slash...])
  }
}
