/// How long a request's body is, by its own account.
enum BodyFraming: Equatable {
  case none
  /// A method that may bring a body, and no word of one: there is none (RFC 9112, section 6.3). lws waits for one all the
  /// same, so nothing can follow on this connection.
  case unstated
  case length(Int)
  /// `Transfer-Encoding`, which is not taken.
  case unknownLength
  /// Not one plain number: two different lengths are how requests are smuggled (RFC 9112, section 11.2).
  case invalid

  init(method: HTTPMethod, contentLength: String?, hasTransferEncoding: Bool) {
    if hasTransferEncoding {
      self = contentLength == nil ? .unknownLength : .invalid
      return
    }
    guard let contentLength else {
      self = [.post, .put, .patch].contains(method) ? .unstated : .none
      return
    }
    let digits = contentLength.utf8
    guard (1...15).contains(digits.count), digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let length = Int(contentLength)
    else {
      self = .invalid
      return
    }
    self = length == 0 ? .none : .length(length)
  }

  var announcedBytes: Int { if case .length(let count) = self { count } else { 0 } }

  /// Whether it is known where this request ends and the next begins.
  var isClear: Bool { self != .unstated && self != .unknownLength && self != .invalid }
}
