/// One request as it came in, decoded and bounded, without a connection behind it.
struct HTTPRequest: Sendable {
  /// The header fields that some route or check looks at; everything else is left unread.
  struct Headers: Sendable {
    var authorization: String?
    var cookie: String?
    var host: String?
    var origin: String?
    var contentType: String?
    var ifNoneMatch: String?
    /// Believed from trusted proxies only.
    var forwardedFor: String?
    var expectsContinue = false
  }

  let method: HTTPMethod
  /// Percent-decoded, without `..`, `.` and doubled slashes, beginning with a slash.
  let path: String
  let query: QueryItems
  var headers = Headers()
  /// The address of the other end, without a port.
  var peer = ""
  var body: [UInt8] = []

  init(method: HTTPMethod, path: String, query: QueryItems = QueryItems([])) {
    self.method = method
    self.path = path
    self.query = query
  }

  /// The token of an `Authorization: Bearer` header.
  var bearerToken: String? {
    guard let value = headers.authorization, let space = value.firstIndex(of: " "),
      value[..<space].lowercased() == "bearer"
    else { return nil }
    let token = value[space...].drop { $0 == " " }
    return token.isEmpty ? nil : String(token)
  }

  /// The value of the first cookie named `name` (RFC 6265, section 4.2).
  func cookie(_ name: String) -> String? {
    guard let header = headers.cookie else { return nil }
    for pair in header.split(separator: ";") {
      let trimmed = pair.drop { $0 == " " }
      guard let equals = trimmed.firstIndex(of: "="), trimmed[..<equals] == name else { continue }
      return String(trimmed[trimmed.index(after: equals)...])
    }
    return nil
  }
}
