/// What a client hears that speaks plain HTTP where TLS is spoken: who types an address leaves the scheme out, and browsers
/// then try http first.
enum SecureRedirect {
  /// The same address with `https://`; an error where the request does not say at which host it asked.
  static func answer(to request: HTTPRequest) -> HTTPResponse {
    guard let host = request.headers.host, !host.isEmpty else { return .problem(.malformed("The request")) }
    return HTTPResponse(.permanentRedirect).adding("Location", "https://\(host)\(target(of: request))")
  }

  /// Path and query, encoded again (RFC 3986, section 2.1).
  private static func target(of request: HTTPRequest) -> String {
    let query = request.query.pairs.map { "\(encode($0.name))=\(encode($0.value))" }.joined(separator: "&")
    return encode(request.path[...], keeping: UInt8(ascii: "/")) + (query.isEmpty ? "" : "?\(query)")
  }

  private static func encode(_ text: Substring, keeping kept: UInt8? = nil) -> String {
    var bytes: [UInt8] = []
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"), kept:
        bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
