import Messages
import Runtime
import Timing

/// Asks one service, on the loop's thread. Every request has a deadline; idempotent ones are tried again.
public final class RequestClient {
  private struct Call {
    let name: String
    let body: [UInt8]
    /// Of one attempt.
    let patience: Duration
    var retriesLeft: Int
    var backOff = Duration.milliseconds(50)
    let finish: (Result<UnsafeRawBufferPointer, ServiceError>) -> Void
  }

  public let service: Service
  private let bus: BusContext
  private let maximumOutstanding: Int
  private var socket: DuplexClient?
  private var waiting: [UInt64: (call: Call, deadline: SessionTime)] = [:]
  /// What leaves when this iteration of the loop ends, or as soon after it as ZeroMQ has room.
  private var outgoing = RequestQueue()
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
    // ZeroMQ counts messages, and each may be a full batch.
    let marks = BusMarks(
      send: max(1, maximumOutstanding / RequestBatch.fullCount), receive: maximumOutstanding, turn: RequestBatch.turn)
    socket = try DuplexClient(bus, to: endpoint, marks) { [unowned self] parts in receive(parts) }
    bus.loop.addLateCheck { [weak self] in self?.sendWaiting() ?? false }
  }

  deinit { if let sweep { bus.loop.cancel(sweep) } }

  /// Asks, and calls `completion` once: with the reply, the service's error, or a time-out after the last attempt.
  public func send<Request: BusRequest>(
    _ request: Request, retries: Int = 2, _ completion: @escaping (Result<Request.Reply, ServiceError>) -> Void
  ) {
    guard let body = try? request.encodedBody() else { return completion(.failure(.internalFault)) }
    let call = Call(
      name: Request.name, body: body, patience: Request.deadline, retriesLeft: Request.isIdempotent ? retries : 0
    ) { [bus] result in
      completion(
        result.flatMap { bytes in
          do {
            return .success(try Request.decodeReply(bytes))
          } catch {
            bus.log.error("reply_unreadable", (.route, Request.name), (.error, String(describing: error)))
            return .failure(.internalFault)
          }
        })
    }
    transmit(call)
  }

  private func transmit(_ call: Call) {
    // What a service that is away has not taken is bounded too: nobody waits for it any more, but it is still here.
    guard waiting.count < maximumOutstanding, outgoing.count < maximumOutstanding else {
      return call.finish(.failure(.overloaded(service.rawValue)))
    }
    let id = nextID
    nextID += 1
    let deadline = bus.loop.time.now().advanced(by: call.patience)
    waiting[id] = (call, deadline)
    outgoing.add(id: id, deadline: deadline, name: call.name, body: call.body)
    if outgoing.hasFullBatch {
      _ = sendWaiting()
    } else {
      bus.loop.scheduleIteration()
    }
    if sweep == nil {
      sweep = bus.loop.every(Self.sweepPeriod) { [unowned self] in sweepExpired() }
    }
  }

  /// True if anything was sent. What ZeroMQ has no room for, because the service is away, waits here.
  private func sendWaiting() -> Bool {
    var hasSent = false
    while let message = outgoing.next(), socket?.send([message]) == true {
      outgoing.removeNext()
      hasSent = true
    }
    return hasSent
  }

  private func receive(_ parts: [BusMessage]) {
    do {
      guard parts.count == 1 else { throw DecodingFailure.invalid(field: "parts") }
      try RequestBatch.read(parts[0]) { receive($0) }
    } catch {
      bus.log.warning("bus_reply_unreadable", (.service, service.rawValue))
    }
  }

  private func receive(_ reply: RequestRecord) {
    // Not waited for any more: it came after its deadline.
    guard let waiting = waiting.removeValue(forKey: reply.id) else { return }
    switch reply.kind {
    case .reply: waiting.call.finish(.success(reply.body))
    case .failure: waiting.call.finish(.failure((try? JSONBody.decode(reply.body)) ?? .internalFault))
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
