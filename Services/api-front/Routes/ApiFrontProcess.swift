import Bus
import Messages
import Runtime

/// api-front as a whole: its clients, its routes, its web server.
public final class ApiFrontProcess: ServiceProcess {
  private let server: WebServer
  private let sockets: SocketHub

  public init(_ context: ServiceContext) throws {
    let settings = context.settings
    let isTLS = settings[AppSettings.requireHTTPS]
    let publicURL = settings[AppSettings.publicURL]
    let bus = try BusContext(context)
    let backends = try Backends(bus, streamInstances: settings[AppSettings.streamInstances])
    let key = try CoachKey.load(
      configured: settings[AppSettings.coachKey], stateDirectory: settings[AppSettings.stateDirectory])
    let access = AccessControl(key: key, tokens: backends.tokens, time: context.time)
    sockets = try SocketHub(bus, context, backends, access)
    let listening = settings[AppSettings.bindAddress]
    let port = BoundPort(settings[AppSettings.localPort])
    let iceServers = IceServers(settings, time: context.time)
    let pairing = PairingRoutes(
      backends: backends,
      address: {
        PublicAddress.choose(
          publicURL: publicURL, isTLS: isTLS, listening: listening, port: port.number, lan: PublicAddress.lanAddresses()
        )
      }, isTLS: isTLS, publicURL: publicURL, iceServers: iceServers, time: context.time)
    let sessions = SessionRoutes(backends: backends) { [sockets] session in
      access.forgetVerified()
      sockets.recheck(session)
    }
    let tls = isTLS ? try TLSFiles.locate(settings, lan: PublicAddress.lanAddresses()) : nil
    let pages = PageRoutes(
      files: StaticFiles(directory: settings[AppSettings.webDirectory]), access: access, tokens: backends.tokens,
      isTLS: isTLS, time: context.time, authorityPath: tls?.authorityPath)
    var routes = pairing.routes + sessions.routes + MaterialRoutes(backends: backends).routes
    routes += UploadRoutes(uploads: sockets.uploads).routes
    routes += SignallingRoutes(backends: backends, iceServers: iceServers).routes
    let described = routes
    let operation = OperationRoutes(backends: backends, context: context)
    routes += operation.routes { described + operation.routes { [] } }
    let application = FrontApplication(
      routes: routes + pages.routes, access: access, origins: OriginCheck(publicURL: publicURL), sockets: sockets)
    server = try WebServer(
      loop: context.loop,
      listener: .init(
        port: port.number, address: listening, tls: tls?.paths),
      application: application)
    port.number = server.port
    report(context, scheme: isTLS ? "https" : "http")
  }

  /// Drives lws, and through it the event loop, until the service stops.
  public func serve() { server.run() }

  private func report(_ context: ServiceContext, scheme: String) {
    context.log.info("listening", (.port, server.port), (.transport, scheme))
    let metrics = context.metrics
    metrics.gauge("axolotl_http_connections", "Open client connections.") { [unowned server] in
      Double(server.connectionCount)
    }
    metrics.gauge("axolotl_http_connections_refused", "Connections refused because too many were open.") {
      [unowned server] in Double(server.refusedConnections)
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
