import Messages
import Runtime
import Timing

/// Asks one service, on the loop's thread. Every request has a deadline; idempotent ones are tried again.
public final class RequestClient {
  private final class Call {
    let name: String
    let body: [UInt8]
    /// Of one attempt.
    let patience: Duration
    var retriesLeft: Int
    var backOff = Duration.milliseconds(50)
    let finish: (Result<UnsafeRawBufferPointer, ServiceError>) -> Void
    /// Of the attempt under way.
    var number: UInt64 = 0
    var deadline = SessionTime.zero

    init(
      _ name: String, _ body: [UInt8], patience: Duration, retries: Int,
      _ finish: @escaping (Result<UnsafeRawBufferPointer, ServiceError>) -> Void
    ) {
      self.name = name
      self.body = body
      self.patience = patience
      retriesLeft = retries
      self.finish = finish
    }
  }

  public let service: Service
  @usableFromInline let bus: BusContext
  private let maximumOutstanding: Int
  private var socket: DuplexClient?
  private var waiting = SlotTable<Call>()
  /// What leaves when this iteration of the loop ends, or as soon after it as ZeroMQ has room.
  private var outgoing = RequestQueue()
  /// Counts requests; an id is this number and, in its low bits, the slot where its call waits. So a reply that comes too
  /// late is not taken for that of the next call in its slot.
  private var number: UInt64 = 0
  private var sweep: TimerID?
  private let timeouts: Counter

  private static let slotBits: UInt64 = 20
  private static let sweepPeriod = Duration.milliseconds(50)

  public init(_ bus: BusContext, _ endpoint: Endpoint, of service: Service, maximumOutstanding: Int = 4096) throws {
    self.bus = bus
    self.service = service
    precondition(maximumOutstanding <= 1 << Self.slotBits, "an id has no room for the slot")
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
  ///
  /// Inlinable, so that it is compiled for each type of request: otherwise the runtime looks up the type of every result.
  @inlinable
  public func send<Request: BusRequest>(
    _ request: Request, retries: Int = 2, _ completion: @escaping (Result<Request.Reply, ServiceError>) -> Void
  ) {
    guard let body = try? request.encodedBody() else { return completion(.failure(.internalFault)) }
    ask(Request.name, body, patience: Request.deadline, retries: Request.isIdempotent ? retries : 0) { [bus] result in
      switch result {
      case .failure(let error): completion(.failure(error))
      case .success(let bytes):
        let reply: Request.Reply
        do { reply = try Request.decodeReply(bytes) } catch {
          return completion(.failure(Self.unreadable(Request.name, error, bus)))
        }
        completion(.success(reply))
      }
    }
  }

  /// - Parameter patience: of one attempt.
  @usableFromInline
  func ask(
    _ name: String, _ body: [UInt8], patience: Duration, retries: Int,
    _ finish: @escaping (Result<UnsafeRawBufferPointer, ServiceError>) -> Void
  ) {
    transmit(Call(name, body, patience: patience, retries: retries, finish))
  }

  @usableFromInline
  static func unreadable(_ name: String, _ error: any Error, _ bus: BusContext) -> ServiceError {
    bus.log.error("reply_unreadable", (.route, name), (.error, String(describing: error)))
    return .internalFault
  }

  private func transmit(_ call: Call) {
    // What a service that is away has not taken is bounded too: nobody waits for it any more, but it is still here.
    guard waiting.count < maximumOutstanding, outgoing.count < maximumOutstanding else {
      return call.finish(.failure(.overloaded(service.rawValue)))
    }
    number += 1
    call.number = number
    call.deadline = bus.loop.time.now().advanced(by: call.patience)
    let id = number << Self.slotBits | UInt64(waiting.insert(call))
    outgoing.add(id: id, deadline: call.deadline, name: call.name, body: call.body)
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
    let slot = Int(reply.id & (1 << Self.slotBits - 1))
    guard let call = waiting[slot], call.number == reply.id >> Self.slotBits else { return }
    waiting.remove(slot)
    switch reply.kind {
    case .reply: call.finish(.success(reply.body))
    case .failure: call.finish(.failure((try? JSONBody.decode(reply.body)) ?? .internalFault))
    case .request: call.finish(.failure(.internalFault))
    }
  }

  private func sweepExpired() {
    let now = bus.loop.time.now()
    for (slot, call) in waiting.entries where call.deadline <= now {
      waiting.remove(slot)
      timeouts.increment()
      retry(call)
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
      call.retriesLeft -= 1
      call.backOff = call.backOff * 2
      transmit(call)
    }
  }
}
