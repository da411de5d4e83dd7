import CLibWebSockets

/// A part of a message as it came off the wire. lws hands over up to its receive buffer at a time.
struct WebSocketPart {
  let bytes: UnsafeRawBufferPointer
  let isFirst: Bool
  let isLast: Bool
  let isBinary: Bool
  /// What is still to come of this WebSocket frame: with `bytes`, how much room a whole message will need.
  let remainingInFrame: Int
}

/// What speaks on a WebSocket. Everything is called on the loop's thread.
protocol WebSocketHandler: AnyObject {
  func opened(_ socket: WebSocketConnection)
  func received(_ part: WebSocketPart)
  /// The socket takes one message now: call `send` at most once, and `requestWrite` again if there is more.
  func writable()
  /// Whether nothing waits to be sent; a close that was asked for happens then.
  var isDrained: Bool { get }
  func closed()
}

/// The close codes this server uses (RFC 6455, section 7.4; 4000 and up are our own, see PROTOCOL.md).
struct CloseCode: Hashable, Sendable {
  let number: UInt32
  static let goingAway = CloseCode(number: 1001)
  static let policyViolation = CloseCode(number: 1008)
  static let internalError = CloseCode(number: 1011)
  static let tryAgainLater = CloseCode(number: 4013)
  static let notAuthorized = CloseCode(number: 4401)
  static let notFound = CloseCode(number: 4404)
  static let conflict = CloseCode(number: 4409)
}

/// One open WebSocket.
final class WebSocketConnection {
  enum Kind { case text, binary }

  let request: HTTPRequest
  private let wsi: OpaquePointer
  private unowned let server: WebServer
  private let handler: any WebSocketHandler
  private var closing: (code: CloseCode, reason: String)?
  private var isOpen = true

  init(server: WebServer, wsi: OpaquePointer, request: HTTPRequest, handler: any WebSocketHandler) {
    self.server = server
    self.wsi = wsi
    self.request = request
    self.handler = handler
  }

  // MARK: For the handler

  func requestWrite() {
    if isOpen { lws_callback_on_writable(wsi) }
  }

  /// Sends one whole message. Only from `writable()`. False when the connection is broken.
  @discardableResult
  func send(_ bytes: UnsafeRawBufferPointer, as kind: Kind) -> Bool {
    let scratch = server.scratch
    guard bytes.count <= scratch.capacity else { return false }
    UnsafeMutableRawBufferPointer(start: scratch.start, count: scratch.capacity).copyMemory(from: bytes)
    return lws_write(wsi, scratch.start, bytes.count, kind == .text ? LWS_WRITE_TEXT : LWS_WRITE_BINARY) >= 0
  }

  @discardableResult
  func send(_ bytes: [UInt8], as kind: Kind) -> Bool { bytes.withUnsafeBytes { send($0, as: kind) } }

  /// Closes after what is being written. The reason is for people; at most 123 bytes are sent.
  func close(_ code: CloseCode, _ reason: String) {
    guard isOpen, closing == nil else { return }
    closing = (code, reason)
    lws_rx_flow_control(wsi, 1)
    lws_callback_on_writable(wsi)
  }

  /// While paused, the client's bytes stay in the kernel and its window closes.
  func setReading(_ isAllowed: Bool) {
    guard isOpen, closing == nil else { return }
    lws_rx_flow_control(wsi, isAllowed ? 1 : 0)
  }

  // MARK: For the server

  func opened() { handler.opened(self) }

  func received(_ bytes: UnsafeRawBufferPointer) {
    guard closing == nil else { return }
    handler.received(
      WebSocketPart(
        bytes: bytes, isFirst: lws_is_first_fragment(wsi) != 0, isLast: lws_is_final_fragment(wsi) != 0,
        isBinary: lws_frame_is_binary(wsi) != 0, remainingInFrame: lws_remaining_packet_payload(wsi)))
  }

  func writable() -> Int32 {
    if let closing, handler.isDrained {
      var reason = Array(closing.reason.utf8.prefix(120))
      lws_close_reason(wsi, lws_close_status(closing.code.number), &reason, reason.count)
      return -1
    }
    handler.writable()
    if closing != nil { lws_callback_on_writable(wsi) }
    return 0
  }

  func closed() {
    guard isOpen else { return }
    isOpen = false
    handler.closed()
  }
}
