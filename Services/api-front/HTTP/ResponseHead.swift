/// Writes the status line and the header fields of a response.
enum ResponseHead {
  /// Sent with everything: no guessing of types, no referrer, no frame around it, nothing shared with other sites.
  static let securityHeaders: [(String, String)] = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
  ]

  /// Sent unless the response says otherwise. Pages do: they load files, use the camera, and are asked about anew.
  static let unlessSet: [(String, String)] = [
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), display-capture=()"),
    ("Cache-Control", "no-store"),
  ]

  private static let fixed = securityHeaders.flatMap { line($0.0, $0.1) }
  private static let linesUnlessSet = unlessSet.map { (name: $0.0, bytes: line($0.0, $0.1)) }

  static func encode(_ response: HTTPResponse, closing: Bool, date: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(1024)
    bytes.append(contentsOf: "HTTP/1.1 \(response.status.code) \(response.status.reason)\r\n".utf8)
    append("Date", &bytes)
    bytes.append(contentsOf: date)
    bytes.append(contentsOf: "\r\n".utf8)
    if response.status.hasBody {
      if let type = response.contentType { field("Content-Type", type, &bytes) }
      field("Content-Length", String(response.body.length), &bytes)
    }
    field("Connection", closing ? "close" : "keep-alive", &bytes)
    for (name, value) in response.headers { field(name, value, &bytes) }
    bytes.append(contentsOf: fixed)
    for line in linesUnlessSet where !response.headers.contains(where: { $0.name == line.name }) {
      bytes.append(contentsOf: line.bytes)
    }
    bytes.append(contentsOf: "\r\n".utf8)
    return bytes
  }

  private static func append(_ name: String, _ bytes: inout [UInt8]) {
    bytes.append(contentsOf: name.utf8)
    bytes.append(contentsOf: ": ".utf8)
  }

  private static func field(_ name: String, _ value: String, _ bytes: inout [UInt8]) {
    append(name, &bytes)
    // A value never ends its line early, whatever went into it.
    if value.utf8.contains(where: { $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }) {
      bytes.append(contentsOf: value.utf8.filter { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") })
    } else {
      bytes.append(contentsOf: value.utf8)
    }
    bytes.append(contentsOf: "\r\n".utf8)
  }

  private static func line(_ name: String, _ value: String) -> [UInt8] {
    var bytes: [UInt8] = []
    field(name, value, &bytes)
    return bytes
  }
}
