import CLibWebSockets
import Glibc
import Messages
import Runtime
import Timing

/// HTTP/1.1 and WebSockets over libwebsockets, on the thread of one `EventLoop`.
///
/// libev waits: for lws's connections, and for the event loop, which hides behind its one descriptor. So bus replies, timers
/// and client bytes are served in turn by one thread, and nothing here is locked.
final class WebServer {
  /// Where the server listens and with what certificate.
  struct Listener {
    var port: Int
    var address = "0.0.0.0"
    /// Paths of PEM files; nil serves plain HTTP.
    var tls: (certificate: String, key: String)?

    var listensEverywhere: Bool { address == "0.0.0.0" || address == "::" }
  }

  let limits: WebLimits
  let time: any TimeSource
  let scratch = ScratchBuffer(capacity: 64 * 1024)
  private(set) var connections: ConnectionLedger
  private let loop: EventLoop
  private let isTLS: Bool
  private let application: any WebApplication
  private let proxies: TrustedProxies
  private let context: LWSContext
  private var loopWatch: DescriptorWatch?
  private var bodies = BodyLedger<HTTPConnection>()
  private var lingering: [ObjectIdentifier: LingeringClose] = [:]
  private var awaiting = SlotTable<HTTPConnection>()
  private var date = HTTPDate()
  private var isStopping = false

  init(
    loop: EventLoop, listener: Listener, limits: WebLimits = WebLimits(), proxies: TrustedProxies = TrustedProxies([]),
    application: any WebApplication
  ) throws {
    self.loop = loop
    self.limits = limits
    self.proxies = proxies
    isTLS = listener.tls != nil
    connections = ConnectionLedger(
      maximum: limits.maximumConnections, maximumPerAddress: limits.maximumConnectionsPerAddress)
    self.application = application
    time = loop.time
    context = LWSContext()
    try context.open(listener, limits: limits, server: Unmanaged.passUnretained(self).toOpaque())
    loopWatch = context.watch(loop.pollDescriptor, .readable) { [unowned loop] in loop.runOnce() }
    loopWatch?.start()
    loop.every(.milliseconds(250)) { [weak self] in self?.failOverdue() }
  }

  /// The port it listens on: the one asked for, or the one the system chose when that was 0.
  var port: Int { context.port }

  /// Serves new connections with the certificate that is in the files now. False where none is served.
  func reloadCertificate() -> Bool { context.reloadCertificate() }

  /// Serves until `stop()`.
  func run() {
    while !isStopping {
      context.serve()
      loop.finishTurn()
      // Whose it is cannot be asked. Seldom, and harmless to the others.
      if context.hasBufferedInput { for (_, connection) in awaiting.entries { connection.noteInput() } }
    }
  }

  /// On the loop's thread: the turn that is running is the last one.
  func stop() { isStopping = true }

  /// Closes the listening socket and every connection. Nothing is called back afterwards.
  func close() {
    loopWatch?.stop()
    lingering.removeAll()
    context.close()
  }

  // MARK: For connections

  /// - Parameter isEncrypted: whether the request came through TLS.
  func plan(for request: HTTPRequest, isEncrypted: Bool) -> HTTPAdmission {
    isTLS && !isEncrypted ? .refuse(SecureRedirect.answer(to: request)) : application.plan(for: request)
  }

  /// Whether some connection, perhaps the one asking, has bytes that arrived together with an earlier request.
  var mayHoldPipelinedBytes: Bool { context.hasBufferedInput }

  /// Calls `body` whenever the connection's socket is ready.
  func watch(
    _ descriptor: Int32, _ event: DescriptorWatch.Event, isFirst: Bool = false, _ body: @escaping () -> Void
  ) -> DescriptorWatch? {
    context.watch(descriptor, event, isFirst: isFirst, body)
  }

  /// Has lws serve a connection as one that can be written to. It may be closed afterwards.
  func serveWritable(_ descriptor: Int32) { context.serveWritable(descriptor) }

  func currentDate() -> [UInt8] { date.bytes(utcSeconds: time.utcMicroseconds() / 1_000_000) }

  func writeNow(_ text: String, to wsi: OpaquePointer) -> Bool {
    let bytes = Array(text.utf8)
    scratch.copy(bytes, 0, bytes.count, to: 0)
    return lws_write(wsi, scratch.start, bytes.count, LWS_WRITE_HTTP) >= 0
  }

  /// Room for a body of so many bytes, which is on its way from now on: for `releaseBody`. nil if there is none.
  func reserveBody(_ byteCount: Int, of connection: HTTPConnection) -> Int? {
    bodies.reserve(
      byteCount, of: connection, until: time.now().advanced(by: limits.bodyPatience),
      maximum: limits.maximumBodiesBytes)
  }

  func releaseBody(_ reservation: Int) { bodies.release(reservation) }

  /// Keeps what comes from a connection that is being closed from resetting it.
  func linger(_ descriptor: Int32) {
    guard lingering.count < limits.maximumLingering,
      let close = LingeringClose(
        of: descriptor, server: self, onEnd: { [unowned self] in lingering[ObjectIdentifier($0)] = nil })
    else { return }
    let id = ObjectIdentifier(close)
    lingering[id] = close
    loop.after(LingeringClose.patience) { [weak self, weak close] in
      if close != nil { self?.lingering[id] = nil }
    }
  }

  /// - Returns: what `answered` is told once the answer is there, or the connection gone.
  func awaitAnswer(_ connection: HTTPConnection) -> Int { awaiting.insert(connection) }
  func answered(_ place: Int) { awaiting.remove(place) }

  private func failOverdue() {
    let now = time.now()
    let overdue = awaiting.entries.compactMap(\.value.awaitedExchange).filter { $0.deadline <= now }
    for exchange in overdue { exchange.fail(.deadlineExceeded) }
    for connection in bodies.overdue(at: now) { connection.cut() }
  }

  // MARK: What lws calls

  func admitConnection(_ descriptor: Int32) -> Bool { connections.admits(countedAddress(descriptor)) }

  /// nil for a trusted proxy: what comes over its connections is from many.
  func countedAddress(_ descriptor: Int32) -> ClientAddress? {
    IPAddress.peer(ofSocket: descriptor).flatMap { proxies.contains($0) ? nil : ClientAddress($0) }
  }

  func connectionOpened(_ connection: HTTPConnection) { connections.opened(connection.countedAddress) }
  func connectionClosed(_ connection: HTTPConnection) { connections.closed(connection.countedAddress) }

  /// Zero lets the WebSocket handshake go on.
  func confirmUpgrade(_ wsi: OpaquePointer) -> Int32 {
    let reader = RequestReader(wsi: wsi)
    // Without a request lws has already answered, and freed what it had parsed.
    guard let request = reader.request(peer: reader.peer) else { return -1 }
    var refusal: HTTPResponse?
    if isTLS, lws_is_ssl(wsi) == 0 {
      refusal = SecureRedirect.answer(to: request)
    } else if reader.upgrade == "websocket" {
      refusal = application.refusal(ofUpgrade: request)
    } else {
      refusal = .problem(.upgradeRefused)
    }
    guard let refusal else { return 0 }
    let writer = ResponseWriter(refusal, withBody: true)
    writer.start(closing: true, date: currentDate())
    _ = writer.write(to: wsi, scratch: scratch, resume: {})
    return -1
  }

  func upgraded(_ connection: HTTPConnection) -> Int32 {
    let reader = RequestReader(wsi: connection.wsi)
    guard let request = reader.request(peer: reader.peer),
      let handler = application.webSocketHandler(for: request)
    else { return -1 }
    connection.socket = WebSocketConnection(server: self, wsi: connection.wsi, request: request, handler: handler)
    return 0
  }

  /// Bytes that are not HTTP with a method we know: say so, and close.
  func refuseRaw(_ wsi: OpaquePointer) -> Int32 {
    let response = HTTPResponse.problem(.unknownMethod)
    guard case .bytes(let body) = response.body else { return -1 }
    let bytes = ResponseHead.encode(response, closing: true, date: currentDate()) + body
    guard bytes.count <= scratch.capacity else { return -1 }
    scratch.copy(bytes, 0, bytes.count, to: 0)
    lws_write(wsi, scratch.start, bytes.count, LWS_WRITE_HTTP)
    return -1
  }
}
