import Bus
import Messages

/// One client per stream-svc instance, made when first needed.
final class StreamClients {
  private let bus: BusContext
  private var clients: [Int: RequestClient] = [:]

  init(_ bus: BusContext) { self.bus = bus }

  func send<Request: ServiceRequest>(
    _ request: Request, to instance: Int, retries: Int,
    _ completion: @escaping (Result<Request.Reply, ServiceError>) -> Void
  ) {
    do {
      try client(instance).send(request, retries: retries, completion)
    } catch {
      bus.log.error("bus_failed", (.instance, instance), (.error, String(describing: error)))
      completion(.failure(.timedOut(Service.streamService.rawValue)))
    }
  }

  private func client(_ instance: Int) throws -> RequestClient {
    if let client = clients[instance] { return client }
    let client = try RequestClient(bus, .stream(instance: instance), of: .streamService)
    clients[instance] = client
    return client
  }
}
