import CEV
import CLibWebSockets
import Glibc
import Runtime

/// Owns libwebsockets' context, its one virtual host, libev's loop and the memory they keep pointing at.
///
/// lws by itself asks poll(2) about every connection each time; with libev it is epoll, which costs no more when there are
/// hundreds of phones. lws 4.1 looks at its timers and at what it has read and kept back only when libev is idle, perhaps
/// never while phones stream, and sets the alarm for the next timer wrongly while one is set: here both are looked at in
/// every turn.
final class LWSContext {
  private let loop = axolotl_ev_loop_new()
  private let timers = UnsafeMutablePointer<lws_sorted_usec_list_t>.allocate(capacity: 1)
  private let loops = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: 1)
  private var context: OpaquePointer?
  private var vhost: OpaquePointer?
  private var tls: (certificate: String, key: String)?
  private var interface: UnsafeMutablePointer<CChar>?
  private let protocolName = strdup("axolotl")
  private let protocols = UnsafeMutablePointer<lws_protocols>.allocate(capacity: 2)
  private let keepAlive = UnsafeMutablePointer<lws_retry_bo_t>.allocate(capacity: 1)

  init() { timers.initialize(to: lws_sorted_usec_list_t()) }

  /// Opens the listening socket. `server` is handed back to the callback; it must outlive this object.
  func open(_ listener: WebServer.Listener, limits: WebLimits, server: UnsafeMutableRawPointer) throws {
    lws_set_log_level(LLL_ERR, nil)
    prepareProtocols(limits)
    guard let loop else { throw WebServerError.cannotStart }
    loops.initialize(to: UnsafeMutableRawPointer(loop))
    var info = lws_context_creation_info()
    info.port = Int32(listener.port)
    info.protocols = UnsafePointer(protocols)
    info.user = server
    info.options =
      axolotl_lws_option_raw_fallback | axolotl_lws_option_explicit_vhosts | axolotl_lws_option_fail_unless_bound
      | axolotl_lws_option_libev
    info.foreign_loops = loops
    info.server_string = nil
    info.max_http_header_data2 = UInt32(limits.maximumHeaderBytes)
    info.max_http_header_pool = UInt16(clamping: limits.maximumConnections)
    info.pt_serv_buf_size = UInt32(limits.receiveBufferBytes)
    info.timeout_secs = limits.headerTimeoutSeconds
    info.timeout_secs_ah_idle = limits.headerTimeoutSeconds
    info.keepalive_timeout = limits.keepAliveSeconds
    info.retry_and_idle_policy = UnsafePointer(keepAlive)
    if listener.tls != nil { info.options |= axolotl_lws_option_tls | axolotl_lws_option_plain_beside_tls }
    guard let context = lws_create_context(&info) else { throw WebServerError.cannotStart }
    self.context = context
    try openHost(&info, listener)
    guard vhost != nil else { throw WebServerError.cannotListen(port: listener.port) }
    axolotl_lws_list(context, timers)
  }

  private func openHost(_ info: inout lws_context_creation_info, _ listener: WebServer.Listener) throws {
    if !listener.listensEverywhere {
      interface = strdup(listener.address)
      info.iface = UnsafePointer(interface)
      if !listener.address.contains(":") { info.options |= axolotl_lws_option_disable_ipv6 }
    }
    guard let tls = listener.tls else {
      vhost = lws_create_vhost(context, &info)
      return
    }
    try tls.certificate.withCString { certificate in
      try tls.key.withCString { key in
        try "http/1.1".withCString { alpn in
          guard access(certificate, R_OK) == 0 else {
            throw UnreadableFile(setting: "AXOLOTL_TLS_CERTIFICATE", path: tls.certificate)
          }
          guard access(key, R_OK) == 0 else { throw UnreadableFile(setting: "AXOLOTL_TLS_KEY", path: tls.key) }
          info.ssl_cert_filepath = certificate
          info.ssl_private_key_filepath = key
          info.alpn = alpn
          vhost = lws_create_vhost(context, &info)
        }
      }
    }
    self.tls = tls
  }

  /// Reads the certificate and its key anew for the connections to come. False where nothing is served with one; lws does not
  /// tell of files that it could not read.
  ///
  /// lws hands both files to the SSL_CTX that it makes new connections from. Each connection has a copy of what was in
  /// there when it began (OpenSSL: SSL_new), so those that are open, handshakes under way included, are left alone; all of
  /// it happens on this thread. lws replaces the certificate before the key: should the key be unreadable, handshakes
  /// fail until the next call, which callers make within a minute.
  func reloadCertificate() -> Bool {
    guard let context, let tls else { return false }
    return lws_tls_cert_updated(context, tls.certificate, tls.key, nil, 0, nil, 0) == 0
  }

  private func prepareProtocols(_ limits: WebLimits) {
    protocols.initialize(repeating: lws_protocols(), count: 2)
    protocols[0].name = UnsafePointer(protocolName)
    protocols[0].callback = webServerCallback
    protocols[0].rx_buffer_size = limits.receiveBufferBytes
    keepAlive.initialize(to: lws_retry_bo_t())
    keepAlive.pointee.secs_since_valid_ping = 5
    keepAlive.pointee.secs_since_valid_hangup = 12
  }

  var port: Int { vhost.map { Int(lws_get_vhost_listen_port($0)) } ?? 0 }

  /// Calls `body` whenever `descriptor` is ready. nil without a loop, where nothing is served either.
  func watch(
    _ descriptor: Int32, _ event: DescriptorWatch.Event, isFirst: Bool = false, _ body: @escaping () -> Void
  ) -> DescriptorWatch? {
    loop.map { DescriptorWatch(loop: $0, descriptor, event, isFirst: isFirst, body) }
  }

  /// Waits for something to do and does it.
  func serve() {
    ev_run(loop, Int32(EVRUN_ONCE))
    if hasBufferedInput { axolotl_lws_serve_buffered(context) }
    axolotl_lws_serve_timers(timers)
  }

  /// Does what lws does when a connection can be written to. The connection may be gone afterwards.
  func serveWritable(_ descriptor: Int32) {
    var event = pollfd()
    event.fd = descriptor
    event.events = Int16(POLLOUT)
    event.revents = Int16(POLLOUT)
    lws_service_fd(context, &event)
  }

  var hasBufferedInput: Bool {
    guard let context else { return false }
    return lws_service_adjust_timeout(context, 1, 0) == 0
  }

  func close() {
    guard let context else { return }
    self.context = nil
    vhost = nil
    lws_context_destroy(context)
    // What lws has closed is freed in the loop's next turns.
    ev_run(loop, Int32(EVRUN_NOWAIT))
  }

  deinit {
    close()
    if let loop { ev_loop_destroy(loop) }
    timers.deallocate()
    protocols.deallocate()
    loops.deallocate()
    keepAlive.deallocate()
    free(protocolName)
    free(interface)
  }
}

/// Why the server does not listen.
enum WebServerError: Error, CustomStringConvertible {
  case cannotStart
  case cannotListen(port: Int)

  var description: String {
    switch self {
    case .cannotStart: "libwebsockets could not be started; the lines above say why."
    case .cannotListen(let port):
      "Port \(port) cannot be listened on: another program may use it. Set LOCAL_PORT to a free one."
    }
  }
}

/// A file that a setting names and that cannot be read.
struct UnreadableFile: ConfigurationFault, CustomStringConvertible {
  let setting: String
  let path: String
  var description: String { "\(setting): \(path) cannot be read." }
}
