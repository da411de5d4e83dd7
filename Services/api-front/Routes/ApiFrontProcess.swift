import Bus
import Messages
import Runtime

/// api-front as a whole: its clients, its routes, its web server.
public final class ApiFrontProcess: ServiceProcess {
  private let server: WebServer
  private let sockets: SocketHub
  private let keyNotice: CoachKeyNotice
  private var renewal: CertificateRenewal?

  public init(_ context: ServiceContext) throws {
    let settings = context.settings
    let isTLS = settings[AppSettings.requireHTTPS]
    let publicURL = settings[AppSettings.publicURL]
    let bus = try BusContext(context)
    let backends = try Backends(bus, streamInstances: settings[AppSettings.streamInstances])
    let key = try CoachKey.load(
      configured: settings[AppSettings.coachKey], stateDirectory: settings[AppSettings.stateDirectory])
    keyNotice = CoachKeyNotice(try key.digest(), tokens: backends.tokens, context)
    let proxies = TrustedProxies(settings[AppSettings.trustedProxies])
    let limits = AddressLimits(settings, proxies: proxies, time: context.time)
    let credentials = CredentialLog(proxies: proxies, time: context.time, log: context.log)
    context.loop.every(CredentialLog.period) { credentials.report() }
    let access = AccessControl(
      key: key, tokens: backends.tokens, limits: limits, log: credentials, time: context.time)
    sockets = try SocketHub(bus, context, backends, access)
    let port = BoundPort(settings[AppSettings.localPort])
    let address = { PublicAddress.current(settings, port: port.number) }
    let iceServers = try IceServers(settings, time: context.time)
    let invitations = Invitations(tokens: backends.tokens, address: address)
    let withdrawals = Withdrawals(loop: context.loop, log: context.log) { request, completion in
      // It has its own back-off, so each question is asked once.
      backends.sessions.send(request, retries: 0, completion)
    }
    let pairing = PairingRoutes(
      backends: backends, invitations: invitations, withdrawals: withdrawals, address: address, isTLS: isTLS,
      publicURL: publicURL,
      iceServers: iceServers, retentionDays: settings[AppSettings.retentionDays], time: context.time,
      uploads: sockets.uploads, credentials: credentials)
    let recheck = { [sockets] (session: SessionID) in
      access.forgetVerified()
      sockets.recheck(session)
    }
    let sessions = SessionRoutes(
      backends: backends, retentionDays: settings[AppSettings.retentionDays], onClosed: recheck)
    let control = ControlRoutes(
      backends: backends, invitations: invitations, onChanged: recheck, onRemoved: { [sockets] in sockets.shutOut($0) })
    let tls = isTLS ? try TLSFiles.locate(settings, lan: LANAddress.allTexts()) : nil
    let cookie = CoachCookie(isTLS: isTLS, publicURL: publicURL)
    let coachSession = CoachSessionRoutes(tokens: backends.tokens, cookie: cookie) { [sockets] in
      access.forgetVerified()
      sockets.recheckCoaches()
    }
    let pages = PageRoutes(
      files: StaticFiles(directory: settings[AppSettings.webDirectory]), access: access, tokens: backends.tokens,
      cookie: cookie, time: context.time, authorityPath: tls?.authorityPath)
    var routes = pairing.routes + sessions.routes + control.routes + MaterialRoutes(backends: backends).routes
    routes += UploadRoutes(uploads: sockets.uploads).routes
    routes += SignallingRoutes(backends: backends, iceServers: iceServers).routes
    routes += coachSession.routes + pages.routes
    let others = routes
    let operation = OperationRoutes(backends: backends, context: context)
    routes += operation.routes { others + operation.routes { [] } }
    let application = FrontApplication(
      routes: routes, access: access,
      origins: OriginCheck(publicURL: publicURL, isTLS: isTLS, allowed: settings[AppSettings.allowedOrigins]),
      limits: limits,
      commonHeaders: tls.map(\.headers) ?? [], sockets: sockets)
    let watch = tls.flatMap { $0.local == nil ? CertificateWatch($0.paths, log: context.log) : nil }
    server = try WebServer(
      loop: context.loop,
      listener: .init(
        port: port.number, address: settings[AppSettings.bindAddress], tls: tls?.paths),
      limits: WebLimits(settings), proxies: proxies, application: application)
    port.number = server.port
    if let local = tls?.local { keepTrue(local, publicURL: publicURL, context) }
    if let watch {
      context.loop.every(CertificateWatch.period) { [unowned server] in
        watch.check { server.reloadCertificate() }
      }
    }
    report(context, limits, credentials, scheme: isTLS ? "https" : "http")
  }

  /// The address that a QR would have now under these settings; what shows the coach's link asks for it.
  public static func publicAddress(_ settings: Settings) -> String {
    PublicAddress.current(settings, port: settings[AppSettings.localPort]).base
  }

  private func keepTrue(_ certificate: LocalCertificate, publicURL: String?, _ context: ServiceContext) {
    renewal = CertificateRenewal(
      certificate, publicURL: publicURL, addresses: LANAddress.allTexts, time: context.time,
      log: context.log
    ) { [unowned server] in server.reloadCertificate() }
    context.loop.every(CertificateRenewal.period) { [weak self] in self?.renewal?.check() }
  }

  /// Drives lws, and through it the event loop, until the service stops.
  public func serve() { server.run() }

  private func report(
    _ context: ServiceContext, _ limits: AddressLimits, _ credentials: CredentialLog, scheme: String
  ) {
    context.log.info("listening", (.port, server.port), (.transport, scheme))
    let metrics = context.metrics
    metrics.gauge("axolotl_http_connections", "Open client connections.") { [unowned server] in
      Double(server.connections.count)
    }
    metrics.gauge("axolotl_http_connections_refused", "Connections refused because too many were open.") {
      [unowned server] in Double(server.connections.refused)
    }
    metrics.gauge("axolotl_http_rate_limited", "Requests refused because too many came from their address.") {
      Double(limits.refused)
    }
    metrics.gauge("axolotl_http_credentials_refused", "Credentials and codes refused, and WebSockets without any.") {
      Double(credentials.refused)
    }
    context.onStop { [weak self] in
      self?.sockets.sayGoodbye()
      // After the moment that the runtime gives for what is queued to leave.
      context.loop.after(.milliseconds(150)) { self?.server.stop() }
    }
  }
}

/// The port, known for sure only once it is bound.
private final class BoundPort {
  var number: Int
  init(_ number: Int) { self.number = number }
}

extension WebLimits {
  init(_ settings: Settings) {
    maximumConnections = settings[AppSettings.maximumConnections]
    maximumConnectionsPerAddress = settings[AppSettings.maximumConnectionsPerAddress]
  }
}
