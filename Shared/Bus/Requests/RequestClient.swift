import Messages
import Runtime
import Timing

/// Asks one service, on the loop's thread. Every request has a deadline; idempotent ones are tried again.
public final class RequestClient {
  private struct Waiting {
    let deadline: SessionTime
    let finish: (Result<BusMessage, ServiceError>) -> Void
  }

  public let service: Service
  private let bus: BusContext
  private let maximumOutstanding: Int
  private var socket: DuplexClient?
  private var waiting: [UInt64: Waiting] = [:]
  private var nextID: UInt64 = 1
  private var sweep: TimerID?
  private let timeouts: Counter

  /// Between attempts; doubled each time.
  private static let firstBackOff = Duration.milliseconds(50)
  private static let sweepPeriod = Duration.milliseconds(50)

  public init(_ bus: BusContext, _ endpoint: Endpoint, of service: Service, maximumOutstanding: Int = 4096) throws {
    self.bus = bus
    self.service = service
    self.maximumOutstanding = maximumOutstanding
    timeouts = bus.metrics.counter(
      "axolotl_bus_timeouts_total", "Requests that got no answer in time.",
      labels: [(name: "endpoint", value: endpoint.socketName)])
    socket = try DuplexClient(bus, to: endpoint, highWaterMark: maximumOutstanding) { [unowned self] parts in
      receive(parts)
    }
  }

  deinit { if let sweep { bus.loop.cancel(sweep) } }

  /// Asks, and calls `completion` once: with the reply, the service's error, or a time-out after the last attempt.
  public func send<Request: BusRequest>(
    _ request: Request, retries: Int = 2, _ completion: @escaping (Result<Request.Reply, ServiceError>) -> Void
  ) {
    guard let body = try? BusMessage(copying: request.encodedBody()) else {
      return completion(.failure(.internalFault))
    }
    attempt(
      name: Request.name, body, deadline: Request.deadline, retriesLeft: Request.isIdempotent ? retries : 0,
      backOff: Self.firstBackOff
    ) { [bus] result in
      completion(
        result.flatMap { message in
          do {
            return .success(try message.withUnsafeBytes { try Request.decodeReply($0) })
          } catch {
            bus.log.error("reply_unreadable", (.route, Request.name), (.error, String(describing: error)))
            return .failure(.internalFault)
          }
        })
    }
  }

  private func attempt(
    name: String, _ body: BusMessage, deadline: Duration, retriesLeft: Int, backOff: Duration,
    _ finish: @escaping (Result<BusMessage, ServiceError>) -> Void
  ) {
    // Only this client calls it back, so there still is one.
    let error = transmit(name: name, body, deadline: deadline) { [unowned self] result in
      guard retriesLeft > 0, case .failure(let error) = result, error == .timedOut(service.rawValue) else {
        return finish(result)
      }
      bus.loop.after(backOff) { [weak self] in
        guard let self else { return finish(.failure(error)) }
        attempt(
          name: name, body, deadline: deadline, retriesLeft: retriesLeft - 1, backOff: backOff * 2, finish)
      }
    }
    if let error { finish(.failure(error)) }
  }

  private func transmit(
    name: String, _ body: BusMessage, deadline: Duration,
    _ finish: @escaping (Result<BusMessage, ServiceError>) -> Void
  ) -> ServiceError? {
    guard waiting.count < maximumOutstanding else { return .overloaded(service.rawValue) }
    let id = nextID
    nextID += 1
    let instant = bus.loop.time.now().advanced(by: deadline)
    let envelope = RequestEnvelope(kind: .request, id: id, deadline: instant)
    guard socket?.sendTogether([BusMessage(copying: envelope.encoded()), BusMessage(name.utf8), body]) == true else {
      return .overloaded(service.rawValue)
    }
    waiting[id] = Waiting(deadline: instant, finish: finish)
    if sweep == nil {
      sweep = bus.loop.every(Self.sweepPeriod) { [unowned self] in sweepExpired() }
    }
    return nil
  }

  private func receive(_ parts: [BusMessage]) {
    guard parts.count == 2, let envelope = try? parts[0].withUnsafeBytes({ try RequestEnvelope(decoding: $0) }) else {
      bus.log.warning("bus_reply_unreadable", (.service, service.rawValue))
      return
    }
    // Not waited for any more: it came after its deadline.
    guard let waiting = waiting.removeValue(forKey: envelope.id) else { return }
    switch envelope.kind {
    case .reply: waiting.finish(.success(parts[1]))
    case .failure:
      let error: ServiceError? = try? parts[1].withUnsafeBytes { try JSONBody.decode($0) }
      waiting.finish(.failure(error ?? .internalFault))
    case .request: waiting.finish(.failure(.internalFault))
    }
  }

  private func sweepExpired() {
    let now = bus.loop.time.now()
    let expired = waiting.filter { $0.value.deadline <= now }
    for (id, request) in expired {
      waiting[id] = nil
      timeouts.increment()
      request.finish(.failure(.timedOut(service.rawValue)))
    }
    if waiting.isEmpty, let sweep {
      bus.loop.cancel(sweep)
      self.sweep = nil
    }
  }
}
