import CLibWebSockets
import Messages

/// Reads what lws has parsed of a request. Valid only inside the callback that announces the request.
struct RequestReader {
  let wsi: OpaquePointer

  private static let methods: [(lws_token_indexes, HTTPMethod)] = [
    (WSI_TOKEN_GET_URI, .get), (WSI_TOKEN_POST_URI, .post), (WSI_TOKEN_HEAD_URI, .head), (WSI_TOKEN_PUT_URI, .put),
    (WSI_TOKEN_DELETE_URI, .delete), (WSI_TOKEN_OPTIONS_URI, .options), (WSI_TOKEN_PATCH_URI, .patch),
  ]

  /// nil when there is no request to read, or bytes in it that are not UTF-8.
  ///
  /// - Parameter peer: the address of the other end.
  func request(peer: String) -> HTTPRequest? {
    guard let (token, method) = Self.methods.first(where: { lws_hdr_total_length(wsi, $0.0) > 0 }),
      let path = header(token), path.utf8.first == UInt8(ascii: "/"), let query = query()
    else { return nil }
    var request = HTTPRequest(method: method, path: path, query: query)
    request.headers.authorization = header(WSI_TOKEN_HTTP_AUTHORIZATION)
    request.headers.cookie = header(WSI_TOKEN_HTTP_COOKIE)
    request.headers.host = header(WSI_TOKEN_HOST)
    request.headers.origin = header(WSI_TOKEN_ORIGIN)
    request.headers.contentType = header(WSI_TOKEN_HTTP_CONTENT_TYPE)
    request.headers.forwardedFor = header(WSI_TOKEN_X_FORWARDED_FOR)
    request.headers.ifNoneMatch = header(WSI_TOKEN_HTTP_IF_NONE_MATCH)
    request.headers.expectsContinue = header(WSI_TOKEN_HTTP_EXPECT)?.lowercased() == "100-continue"
    request.peer = peer
    return request
  }

  func framing(_ method: HTTPMethod) -> BodyFraming {
    BodyFraming(
      method: method, contentLength: header(WSI_TOKEN_HTTP_CONTENT_LENGTH),
      hasTransferEncoding: lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0)
  }

  /// Whether lws will close the connection after the answer (RFC 9112, section 9.3).
  var wantsClose: Bool {
    let connection = header(WSI_TOKEN_CONNECTION)?.lowercased()
    if header(WSI_TOKEN_HTTP)?.utf8.suffix(3).elementsEqual("1.1".utf8) == true { return connection == "close" }
    return connection != "keep-alive"
  }

  var upgrade: String? { header(WSI_TOKEN_UPGRADE)?.lowercased() }

  func header(_ token: lws_token_indexes) -> String? {
    let length = lws_hdr_total_length(wsi, token)
    guard length > 0 else { return nil }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(length) + 1) { buffer in
      let count = lws_hdr_copy(wsi, buffer.baseAddress, length + 1, token)
      return count > 0 ? Self.string(buffer, count) : nil
    }
  }

  private func query() -> QueryItems? {
    guard lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_URI_ARGS) > 0 else { return QueryItems([]) }
    var items: [String] = []
    let capacity = Int(lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_URI_ARGS)) + 64
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer -> QueryItems? in
      var index: Int32 = 0
      while case let count = lws_hdr_copy_fragment(
        wsi, buffer.baseAddress, Int32(capacity), WSI_TOKEN_HTTP_URI_ARGS, index), count >= 0
      {
        index += 1
        if count == 0 { continue }
        guard let item = Self.string(buffer, count) else { return nil }
        items.append(item)
      }
      return QueryItems(items)
    }
  }

  /// The address of the other end, without a port; the same for all requests of a connection.
  var peer: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      buffer.initialize(repeating: 0)
      lws_get_peer_simple(wsi, buffer.baseAddress, 64)
      return String(cString: buffer.baseAddress!)
    }
  }

  private static func string(_ buffer: UnsafeMutableBufferPointer<CChar>, _ count: Int32) -> String? {
    String(strictUTF8: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<Int(count)]))
  }
}
