import Messages
import Runtime
import Timing

/// Asks one service, on the loop's thread. Every request has a deadline; idempotent ones are tried again.
public final class RequestClient {
  private struct Call {
    let name: String
    let body: BusMessage
    /// Of one attempt.
    let patience: Duration
    var retriesLeft: Int
    var backOff = Duration.milliseconds(50)
    let finish: (Result<BusMessage, ServiceError>) -> Void
  }

  public let service: Service
  private let bus: BusContext
  private let maximumOutstanding: Int
  private var socket: DuplexClient?
  private var waiting: [UInt64: (call: Call, deadline: SessionTime)] = [:]
  /// The requests' names as parts of messages.
  private var names: [String: BusMessage] = [:]
  private var nextID: UInt64 = 1
  private var sweep: TimerID?
  private let timeouts: Counter

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
    let call = Call(
      name: Request.name, body: body, patience: Request.deadline, retriesLeft: Request.isIdempotent ? retries : 0
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
    transmit(call)
  }

  private func transmit(_ call: Call) {
    guard waiting.count < maximumOutstanding else { return call.finish(.failure(.overloaded(service.rawValue))) }
    let id = nextID
    nextID += 1
    let deadline = bus.loop.time.now().advanced(by: call.patience)
    let envelope = RequestEnvelope(kind: .request, id: id, deadline: deadline)
    guard socket?.sendTogether([BusMessage(envelope), nameMessage(call.name), call.body]) == true else {
      return call.finish(.failure(.overloaded(service.rawValue)))
    }
    waiting[id] = (call, deadline)
    if sweep == nil {
      sweep = bus.loop.every(Self.sweepPeriod) { [unowned self] in sweepExpired() }
    }
  }

  private func nameMessage(_ name: String) -> BusMessage {
    if let known = names[name] { return known }
    let message = BusMessage(name.utf8)
    names[name] = message
    return message
  }

  private func receive(_ parts: [BusMessage]) {
    guard parts.count == 2, let envelope = try? parts[0].withUnsafeBytes({ try RequestEnvelope(decoding: $0) }) else {
      bus.log.warning("bus_reply_unreadable", (.service, service.rawValue))
      return
    }
    // Not waited for any more: it came after its deadline.
    guard let waiting = waiting.removeValue(forKey: envelope.id) else { return }
    switch envelope.kind {
    case .reply: waiting.call.finish(.success(parts[1]))
    case .failure:
      let error: ServiceError? = try? parts[1].withUnsafeBytes { try JSONBody.decode($0) }
      waiting.call.finish(.failure(error ?? .internalFault))
    case .request: waiting.call.finish(.failure(.internalFault))
    }
  }

  private func sweepExpired() {
    let now = bus.loop.time.now()
    let expired = waiting.filter { $0.value.deadline <= now }
    for (id, request) in expired {
      waiting[id] = nil
      timeouts.increment()
      retry(request.call)
    }
    if waiting.isEmpty, let sweep {
      bus.loop.cancel(sweep)
      self.sweep = nil
    }
  }

  /// Tries once more what got no answer, if that is allowed and left.
  private func retry(_ call: Call) {
    let error = ServiceError.timedOut(service.rawValue)
    guard call.retriesLeft > 0 else { return call.finish(.failure(error)) }
    bus.loop.after(call.backOff) { [weak self] in
      guard let self else { return call.finish(.failure(error)) }
      var next = call
      next.retriesLeft -= 1
      next.backOff = call.backOff * 2
      transmit(next)
    }
  }
}
