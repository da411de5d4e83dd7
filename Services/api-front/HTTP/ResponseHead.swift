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
  /// What an answer ends with that sets none of them.
  private static let usualEnd = fixed + linesUnlessSet.flatMap(\.bytes)

  static func encode(_ response: HTTPResponse, closing: Bool, date: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    // The usual ones fit, and it is below what the allocator keeps at hand for the next one.
    bytes.reserveCapacity(960)
    bytes.append(static: "HTTP/1.1 ")
    bytes.append(decimal: response.status.code)
    bytes.append(static: " ")
    bytes.append(utf8: response.status.reason)
    bytes.append(static: "\r\nDate: ")
    bytes.append(contentsOf: date)
    bytes.append(static: "\r\n")
    if response.status.hasBody {
      if let type = response.contentType { field("Content-Type", type, &bytes) }
      bytes.append(static: "Content-Length: ")
      bytes.append(decimal: response.body.length)
      bytes.append(static: "\r\n")
    }
    bytes.append(static: closing ? "Connection: close\r\n" : "Connection: keep-alive\r\n")
    for (name, value) in response.headers { field(name, value, &bytes) }
    if response.headers.isEmpty {
      bytes.append(contentsOf: usualEnd)
    } else {
      bytes.append(contentsOf: fixed)
      for line in linesUnlessSet where !response.headers.contains(where: { $0.name == line.name }) {
        bytes.append(contentsOf: line.bytes)
      }
    }
    bytes.append(static: "\r\n")
    return bytes
  }

  private static func field(_ name: String, _ value: String, _ bytes: inout [UInt8]) {
    bytes.append(utf8: name)
    bytes.append(static: ": ")
    // A value never ends its line early, whatever went into it.
    var value = value
    value.withUTF8 { utf8 in
      if utf8.contains(where: endsLine) {
        for byte in utf8 where !endsLine(byte) { bytes.append(byte) }
      } else {
        bytes.append(contentsOf: utf8)
      }
    }
    bytes.append(static: "\r\n")
  }

  private static func endsLine(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") }

  private static func line(_ name: String, _ value: String) -> [UInt8] {
    var bytes: [UInt8] = []
    field(name, value, &bytes)
    return bytes
  }
}

extension [UInt8] {
  fileprivate mutating func append(static text: StaticString) {
    append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  fileprivate mutating func append(utf8 text: String) {
    var text = text
    text.withUTF8 { append(contentsOf: $0) }
  }
}
