import FoundationEssentials
import Messages

/// What goes back to a client.
struct HTTPResponse {
  enum Body {
    case bytes([UInt8])
    /// `length` bytes that come in pieces.
    case pieces(PieceSource, length: Int)

    var length: Int {
      switch self {
      case .bytes(let bytes): bytes.count
      case .pieces(_, let length): length
      }
    }
  }

  var status: HTTPStatus
  var contentType: String?
  var headers: [(name: String, value: String)] = []
  var body = Body.bytes([])

  init(_ status: HTTPStatus, contentType: String? = nil, body: [UInt8] = []) {
    self.status = status
    self.contentType = contentType
    self.body = .bytes(body)
  }

  static let jsonType = "application/json"

  /// `value` as JSON. Names become snake_case, as everywhere in the API, unless they are to stay as they are.
  static func json(_ value: some Encodable, status: HTTPStatus = .ok, keepingNames: Bool = false) -> HTTPResponse {
    let encoder = JSONEncoder()
    if !keepingNames { encoder.keyEncodingStrategy = .convertToSnakeCase }
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else { return .problem(.internalFault) }
    return HTTPResponse(status, contentType: jsonType, body: Array(data))
  }

  static func json(_ object: consuming JSONObjectText) -> HTTPResponse {
    HTTPResponse(.ok, contentType: jsonType, body: object.finished())
  }

  static func text(_ text: String, contentType: String) -> HTTPResponse {
    HTTPResponse(.ok, contentType: contentType, body: Array(text.utf8))
  }

  func adding(_ name: String, _ value: String) -> HTTPResponse {
    var copy = self
    copy.headers.append((name, value))
    return copy
  }
}

/// Gives a long body piece by piece, asked anew whenever the client has taken the last one.
protocol PieceSource: AnyObject {
  /// Calls `deliver` once, now or later: the bytes from `offset` on (empty: there are no more), or a failure.
  func piece(at offset: Int, deliver: @escaping (Result<[UInt8], ServiceError>) -> Void)
}
