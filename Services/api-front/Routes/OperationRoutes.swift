import Messages
import Runtime

/// For operators and monitors: is it alive, is it ready, its figures, and the description of this API.
struct OperationRoutes {
  // Anybody may ask, and each question goes to the one loop of every service.
  private let readiness: SharedAnswer<HTTPResponse>
  private let metrics: SharedAnswer<HTTPResponse>

  init(backends: Backends, context: ServiceContext) {
    // Who waits for the services to be ready hears of it at once.
    readiness = SharedAnswer(
      time: context.time, mayBeKept: { $0.status == .ok }, ask: { Self.askReadiness(backends, context, $0) })
    metrics = SharedAnswer(time: context.time) { Self.askMetrics(backends, context, $0) }
  }

  /// - Parameter allRoutes: the whole table, for the description.
  func routes(describing allRoutes: @escaping () -> [Route]) -> [Route] {
    let description = KeptDocument {
      .json(OpenAPI.document(allRoutes(), version: Version.text), keepingNames: true)
    }
    return [
      Route(
        .get, "/healthz", for: .everyone, "Whether this process answers",
        RouteDocumentation(responseType: "text/plain; charset=utf-8")
      ) { $0.respond(.text("ok\n", contentType: "text/plain; charset=utf-8")) },
      Route(
        .get, "/readyz", for: .everyone, "Whether every service can do its work",
        RouteDocumentation(
          responseSchema: Readiness.schema,
          otherAnswers: [503: .init(content: [(HTTPResponse.jsonType, Readiness.schema)])])
      ) { call in readiness.get { call.respond($0) } },
      Route(
        .get, "/metrics", for: .everyone, "Figures of all services in Prometheus' text format",
        RouteDocumentation(responseType: Self.metricsType)
      ) { call in metrics.get { call.respond($0) } },
      Route(
        .get, "/api/openapi.json", for: .everyone, "The description of this API",
        RouteDocumentation(
          responseSchema: .object([:], isOpen: true), otherAnswers: [304: .init(content: [])])
      ) { call in call.respond(description.response(ifNoneMatch: call.request.headers.ifNoneMatch)) },
    ]
  }

  struct Readiness: Encodable {
    struct Part: Encodable {
      let service: String
      let ready: Bool
      let version: String?
      let reason: String?
    }
    let ready: Bool
    let services: [Part]

    static let schema = Schema.object([
      "ready": .boolean,
      "services": .array(
        of: .object(["service": .text, "ready": .boolean], optional: ["version": .text, "reason": .text])),
    ])
  }

  private static func askReadiness(
    _ backends: Backends, _ context: ServiceContext, _ completion: @escaping (HTTPResponse) -> Void
  ) {
    let named = backends.named
    let gather = Gather<Readiness.Part>(named.count) { parts in
      let own = context.readiness
      let front = Readiness.Part(service: own.service, ready: own.ready, version: own.version, reason: own.reason)
      let all = [front] + parts
      let ready = all.allSatisfy(\.ready)
      completion(.json(Readiness(ready: ready, services: all), status: ready ? .ok : 503))
    }
    for (index, entry) in named.enumerated() {
      entry.client.send(CheckReadiness(), retries: 0) { result in
        switch result {
        case .success(let reply):
          gather.put(
            .init(service: entry.name, ready: reply.ready, version: reply.version, reason: reply.reason), at: index)
        case .failure(let error):
          gather.put(.init(service: entry.name, ready: false, version: nil, reason: error.message), at: index)
        }
      }
    }
  }

  private static let metricsType = "text/plain; version=0.0.4; charset=utf-8"

  private static func askMetrics(
    _ backends: Backends, _ context: ServiceContext, _ completion: @escaping (HTTPResponse) -> Void
  ) {
    let named = backends.named
    let own = context.metrics.exposition()
    let gather = Gather<String>(named.count) { texts in
      completion(.text(MetricsText.merge([own] + texts), contentType: metricsType))
    }
    for (index, entry) in named.enumerated() {
      // A service that is away is missing from the figures; `axolotl_up` shows it.
      entry.client.send(ScrapeMetrics(), retries: 0) { gather.put((try? $0.get())?.text ?? "", at: index) }
    }
  }
}
