import CLibWebSockets
import Glibc
import Messages
import Timing

/// One client connection while it speaks HTTP: where its current request is in its life.
///
/// lws hands over one request at a time. Until it is answered no further input is taken (`InputHold`). libwebsockets 4.1
/// mixes up the body of a request that arrived together with the one before it, so a connection on which that may have
/// happened is closed after the answer.
final class HTTPConnection {
  enum Phase {
    case idle
    case receiving(limit: Int, HTTPExchangePlan)
    case waiting(HTTPExchange)
    case writing(ResponseWriter)
    /// Answered before the whole body was there: the rest is taken in and dropped, then the connection is closed.
    case draining
  }

  unowned let server: WebServer
  let wsi: OpaquePointer
  /// As the connections are counted; nil is not counted by address.
  let countedAddress: ClientAddress?
  private(set) var phase = Phase.idle
  private var request: HTTPRequest?
  private var responseHeaders: [(name: String, value: String)] = []
  private var bodyRemaining = 0
  /// The server's, for the memory of the body that is on its way.
  private var bodyReservation: Int?
  private var mustClose = false
  private let input: InputHold
  /// Writes on when there is room. lws does not call back for that while its reading is paused.
  private var room: DescriptorWatch?
  /// Where the server keeps it while the answer comes from outside lws's callbacks.
  private var awaitedPlace: Int?
  private var isClosed = false
  var socket: WebSocketConnection?
  /// Asked of the system once: it costs a call.
  private lazy var peer = RequestReader(wsi: wsi).peer

  init(server: WebServer, wsi: OpaquePointer, countedAddress: ClientAddress?) {
    self.server = server
    self.countedAddress = countedAddress
    self.wsi = wsi
    input = InputHold(server: server, wsi: wsi)
  }

  var awaitedExchange: HTTPExchange? {
    if case .waiting(let exchange) = phase { exchange } else { nil }
  }

  // MARK: A request comes in

  /// Nonzero closes the connection, as everywhere below.
  func begin() -> Int32 {
    let reader = RequestReader(wsi: wsi)
    phase = .idle
    responseHeaders = []
    mustClose = reader.wantsClose
    guard let request = reader.request(peer: peer) else { return refuse(.malformed("The request"), method: .get) }
    let framing = reader.framing(request.method)
    bodyRemaining = framing.announcedBytes
    mustClose = mustClose || !framing.isClear
    switch server.plan(for: request, isEncrypted: lws_is_ssl(wsi) != 0) {
    case .refuse(let response):
      mustClose = mustClose || bodyRemaining > 0
      write(response, method: request.method)
      return 0
    case .accept(let plan): return accept(request, framing, plan)
    }
  }

  private func accept(_ request: consuming HTTPRequest, _ framing: BodyFraming, _ plan: HTTPExchangePlan) -> Int32 {
    responseHeaders = plan.responseHeaders
    if framing == .unknownLength { return refuse(.lengthRequired, method: request.method) }
    if framing == .invalid { return refuse(.badContentLength, method: request.method) }
    guard bodyRemaining <= plan.maximumBody else {
      return refuse(.bodyTooLarge(limit: plan.maximumBody), method: request.method)
    }
    if bodyRemaining == 0 {
      run(plan, request)
      return 0
    }
    releaseBody()
    bodyReservation = server.reserveBody(bodyRemaining, of: self)
    guard bodyReservation != nil else { return refuse(.overloaded("api-front"), method: request.method) }
    if request.headers.expectsContinue, !server.writeNow("HTTP/1.1 100 Continue\r\n\r\n", to: wsi) { return -1 }
    request.body.reserveCapacity(bodyRemaining)
    self.request = request
    phase = .receiving(limit: plan.maximumBody, plan)
    lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, server.limits.bodyTimeoutSeconds)
    return 0
  }

  func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Int32 {
    bodyRemaining -= bytes.count
    if case .receiving = phase { request?.body.append(contentsOf: bytes) }
    return 0
  }

  func bodyComplete() -> Int32 {
    switch phase {
    case .receiving(_, let plan):
      guard let request = request.take() else { return -1 }
      releaseBody()
      run(plan, request)
      return 0
    case .draining: return -1
    default: return 0
    }
  }

  private func releaseBody() {
    if let reservation = bodyReservation.take() { server.releaseBody(reservation) }
  }

  private func refuse(_ error: ServiceError, method: HTTPMethod) -> Int32 {
    mustClose = true
    write(.problem(error), method: method)
    return 0
  }

  private func run(_ plan: HTTPExchangePlan, _ request: consuming HTTPRequest) {
    let now = server.time.now()
    let method = request.method
    // Whoever holds the exchange longer than this lives cannot answer it any more: `closed` abandons it.
    let exchange = HTTPExchange(
      request, parameters: plan.parameters, receivedAt: now, deadline: now.advanced(by: plan.deadline)
    ) { [unowned self] response in write(response, method: method) }
    phase = .waiting(exchange)
    lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0)
    plan.run(exchange)
    guard case .waiting = phase else { return }
    input.begin()
    awaitedPlace = server.awaitAnswer(self)
  }

  /// Ends the connection at once. Not from lws's callbacks.
  func cut() { lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, axolotl_lws_kill_now) }

  /// lws has read more than one request at once from somebody, perhaps this client.
  func noteInput() { input.noteInput() }

  // MARK: The answer goes out

  private func write(_ response: HTTPResponse, method: HTTPMethod) {
    var response = response
    response.headers += responseHeaders
    phase = .writing(ResponseWriter(response, withBody: method != .head))
    guard let place = awaitedPlace.take() else {
      lws_callback_on_writable(wsi)
      return
    }
    server.answered(place)
    // lws is not at work on this connection, so a round of polling can be saved: what the socket does not take, lws keeps.
    if writable() != 0 {
      cut()
    } else if case .idle = phase {
      // lws waits for room before it looks at the next request; there is some, as nothing is left to be written.
      server.serveWritable(lws_get_socket_fd(wsi))
    }
  }

  func writable() -> Int32 {
    guard case .writing(let writer) = phase else { return 0 }
    if !writer.isStarted {
      mustClose = mustClose || input.hasInput || server.mayHoldPipelinedBytes
      writer.start(closing: mustClose, date: server.currentDate())
    }
    switch writer.write(to: wsi, scratch: server.scratch, resume: { [unowned self] in resumeWriting() }) {
    case .more: awaitRoom()
    case .waiting:
      room?.stop()
      input.begin()
    case .failed: return -1
    case .done:
      // What lws could not send at once it has kept.
      if lws_partial_buffered(wsi) == 0 { return finish() }
      awaitRoom()
    }
    return 0
  }

  private func awaitRoom() {
    lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, server.limits.writeTimeoutSeconds)
    input.pause()
    if room == nil {
      room = server.watch(lws_get_socket_fd(wsi), .writable) { [unowned self] in serveRoom() }
    }
    room?.start()
  }

  private func serveRoom() {
    input.end()
    server.serveWritable(lws_get_socket_fd(wsi))
    if !isClosed, case .writing = phase { input.pause() }
  }

  private func resumeWriting() {
    guard case .writing = phase else { return }
    awaitRoom()
  }

  private func finish() -> Int32 {
    room?.stop()
    guard mustClose else {
      phase = .idle
      input.end()
      return lws_http_transaction_completed(wsi) == 0 ? 0 : -1
    }
    if bodyRemaining > 0 {
      guard bodyRemaining <= server.limits.maximumDrainedBody else {
        server.linger(lws_get_socket_fd(wsi))
        return -1
      }
      phase = .draining
      input.end()
      lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, server.limits.bodyTimeoutSeconds)
      return 0
    }
    if LingeringClose.hasInput(lws_get_socket_fd(wsi)) { server.linger(lws_get_socket_fd(wsi)) }
    return -1
  }

  func closed() {
    isClosed = true
    awaitedExchange?.abandon()
    if let place = awaitedPlace.take() { server.answered(place) }
    releaseBody()
    input.stop()
    room?.stop()
    phase = .idle
  }
}
