import Messages

/// What api-front is to the web server: a table of routes, checks before them, and the WebSockets beside them.
final class FrontApplication: WebApplication {
  private let router: Router<Route>
  private let access: AccessControl
  private let origins: OriginCheck
  private let limits: AddressLimits
  /// Sent with every answer, such as `Strict-Transport-Security`.
  private let commonHeaders: [(name: String, value: String)]
  private let sockets: any WebSocketGate

  init(
    routes: [Route], access: AccessControl, origins: OriginCheck, limits: AddressLimits,
    commonHeaders: [(name: String, value: String)] = [], sockets: any WebSocketGate
  ) {
    router = Router(routes.map { .init(method: $0.method, pattern: $0.pattern, target: $0) })
    self.access = access
    self.origins = origins
    self.limits = limits
    self.commonHeaders = commonHeaders
    self.sockets = sockets
  }

  func plan(for request: HTTPRequest) -> HTTPAdmission {
    var headers = commonHeaders
    let origin = origins.verdict(request)
    if case .allowed(let page) = origin { headers += OriginCheck.headers(for: page) }
    switch decide(request, origin, headers) {
    case .accept(let plan): return .accept(plan)
    case .refuse(var response):
      response.headers += headers
      return .refuse(response)
    }
  }

  private func decide(
    _ request: HTTPRequest, _ origin: OriginCheck.Verdict, _ headers: [(name: String, value: String)]
  ) -> HTTPAdmission {
    switch router.match(request.method, request.path) {
    case .notFound: return .refuse(.problem(.unknownRoute))
    case .wrongMethod(let allowed):
      if request.method == .options, case .allowed = origin { return .refuse(OriginCheck.preflight(allowed)) }
      let list = allowed.map(\.rawValue).joined(separator: ", ")
      return .refuse(.problem(.methodNotAllowed(list)).adding("Allow", list))
    case .found(let route, let parameters):
      guard origin != .refused else { return .refuse(.problem(.crossOrigin)) }
      if let tooMany = limits.refusal(of: request, route.pace) { return .refuse(.problem(tooMany)) }
      return .accept(
        HTTPExchangePlan(
          parameters: parameters, maximumBody: route.maximumBody, deadline: route.deadline, responseHeaders: headers
        ) { [access] exchange in Self.run(route, exchange, access) })
    }
  }

  private static func run(_ route: Route, _ exchange: HTTPExchange, _ access: AccessControl) {
    if route.audience == .everyone { return route.run(RouteCall(exchange: exchange, caller: .anonymous)) }
    access.identify(exchange.request) { result in
      switch result {
      case .failure(let error): exchange.fail(error)
      case .success(let caller):
        guard route.audience.admits(caller) else { return exchange.fail(route.audience.refusal) }
        route.run(RouteCall(exchange: exchange, caller: caller))
      }
    }
  }

  func refusal(ofUpgrade request: HTTPRequest) -> HTTPResponse? {
    guard sockets.knows(request) else { return .problem(.unknownRoute) }
    guard request.method == .get else { return .problem(.methodNotAllowed("GET")).adding("Allow", "GET") }
    return origins.verdict(request) == .refused ? .problem(.crossOrigin) : nil
  }

  func webSocketHandler(for request: HTTPRequest) -> (any WebSocketHandler)? { sockets.handler(for: request) }
}

/// Where WebSockets go.
protocol WebSocketGate: AnyObject {
  func knows(_ request: HTTPRequest) -> Bool
  func handler(for request: HTTPRequest) -> (any WebSocketHandler)?
}
