import Messages
import Runtime
import Timing

/// Answers requests at an endpoint, on the loop's thread.
///
/// A request that cannot be read, that nobody handles, or whose asker no longer waits costs that one message.
public final class RequestServer {
  @usableFromInline typealias Handler = (UnsafeRawBufferPointer, ReplyAddress) -> Void

  /// Of each asker: full batches that wait here while its others wait with it, and replies, of which it may await no more.
  private static let marks = BusMarks(send: 4096, receive: 256, turn: RequestBatch.turn)

  private let bus: BusContext
  private var server: DuplexServer?
  private var handlers: [String: Handler] = [:]
  /// Replies that leave when this iteration of the loop ends, to each asker together. Askers are few, and the latest is
  /// nearly always answered next.
  private var outgoing: [(peer: PeerIdentity, batch: RequestBatch)] = []
  private let requests: Counter
  private let failures: Counter
  private let expired: Counter

  /// - Parameter context: whose readiness and metrics the server reports to whoever asks.
  public convenience init(_ bus: BusContext, _ endpoint: Endpoint, context: ServiceContext) throws {
    try self.init(bus, endpoint)
    handle(ScrapeMetrics.self) { [unowned context] _ in ScrapeMetrics.Reply(text: context.metrics.exposition()) }
    handle(CheckReadiness.self) { [unowned context] _ in context.readiness }
  }

  public init(_ bus: BusContext, _ endpoint: Endpoint) throws {
    self.bus = bus
    let labels = [(name: "endpoint", value: endpoint.socketName)]
    requests = bus.metrics.counter("axolotl_bus_requests_total", "Requests that arrived.", labels: labels)
    failures = bus.metrics.counter(
      "axolotl_bus_request_failures_total", "Requests answered by an error.", labels: labels)
    expired = bus.metrics.counter(
      "axolotl_bus_requests_expired_total", "Requests whose asker no longer waited.", labels: labels)
    server = try DuplexServer(bus, at: endpoint, Self.marks) { [unowned self] peer, parts in
      receive(parts, from: peer)
    }
    bus.loop.addLateCheck { [weak self] in self?.sendWaiting() ?? false }
  }

  /// Answers requests of one type at once. A thrown `ServiceError` crosses to the asker; any other error is logged here.
  ///
  /// Inlinable for the reason `RequestClient.send` is.
  @inlinable
  public func handle<Request: BusRequest>(
    _: Request.Type, _ body: @escaping (Request) throws -> Request.Reply
  ) {
    handleLater(Request.self) { request, responder in
      do {
        responder.succeed(try body(request))
      } catch let error as ServiceError {
        responder.fail(error)
      } catch {
        responder.fail(unexpected: error)
      }
    }
  }

  /// Answers requests of one type when the answer is there: the responder is used once, on the loop.
  @inlinable
  public func handleLater<Request: BusRequest>(
    _: Request.Type, _ body: @escaping (Request, Responder<Request>) -> Void
  ) {
    register(Request.name) { [unowned self] bytes, address in
      let responder = Responder<Request>(server: self, address: address)
      guard let request = try? Request.decodeBody(bytes) else {
        return responder.fail(.malformed("The body of \(Request.name)"))
      }
      body(request, responder)
    }
  }

  @usableFromInline
  func register(_ name: String, _ handler: @escaping Handler) {
    precondition(handlers[name] == nil, "\(name) has a handler")
    handlers[name] = handler
  }

  private func receive(_ parts: [BusMessage], from peer: PeerIdentity) {
    do {
      guard parts.count == 1 else { throw DecodingFailure.invalid(field: "parts") }
      try RequestBatch.read(parts[0]) { receive($0, from: peer) }
    } catch {
      requests.increment()
      bus.log.warning("bus_request_unreadable", (.count, parts.count))
    }
  }

  private func receive(_ request: RequestRecord, from peer: PeerIdentity) {
    requests.increment()
    guard request.kind == .request else { return bus.log.warning("bus_request_unreadable", (.count, 1)) }
    let address = ReplyAddress(peer: peer, id: request.id, name: String(decoding: request.name, as: UTF8.self))
    guard request.deadline > bus.loop.time.now() else { return expired.increment() }
    guard let handler = handlers[address.name] else {
      return reply(
        .invalid("unknown_request", "\(address.name) is not known here. Do all services have one version?"), to: address
      )
    }
    handler(request.body, address)
  }

  @usableFromInline
  func reply(_ body: [UInt8], to address: ReplyAddress) { send(.reply, body, to: address) }

  @usableFromInline
  func reply(_ error: ServiceError, to address: ReplyAddress) {
    failures.increment()
    guard let body = try? JSONBody.encode(error) else { return }
    send(.failure, body, to: address)
  }

  @usableFromInline
  func reply(unexpected error: any Error, to address: ReplyAddress) {
    bus.log.error("request_failed", (.route, address.name), (.error, String(describing: error)))
    reply(.internalFault, to: address)
  }

  private func send(_ kind: RequestRecord.Kind, _ body: [UInt8], to address: ReplyAddress) {
    var index = outgoing.count - 1
    if index < 0 || outgoing[index].peer != address.peer {
      index = outgoing.firstIndex { $0.peer == address.peer } ?? outgoing.count
      if index == outgoing.count { outgoing.append((address.peer, RequestBatch())) }
    }
    outgoing[index].batch.add(kind, id: address.id, body: body)
    if outgoing[index].batch.isFull {
      send(outgoing.remove(at: index))
    } else {
      bus.loop.scheduleIteration()
    }
  }

  /// True if anything was sent.
  private func sendWaiting() -> Bool {
    guard !outgoing.isEmpty else { return false }
    for replies in outgoing { send(replies) }
    outgoing.removeAll(keepingCapacity: true)
    return true
  }

  private func send(_ replies: (peer: PeerIdentity, batch: RequestBatch)) {
    // An asker that is gone needs no answer.
    _ = server?.send([replies.batch.message], to: replies.peer)
  }
}

/// Where a reply goes.
@usableFromInline
struct ReplyAddress {
  let peer: PeerIdentity
  let id: UInt64
  let name: String
}

/// Answers one request. An answer that never comes costs the asker its deadline, nothing else.
public struct Responder<Request: BusRequest> {
  @usableFromInline unowned let server: RequestServer
  @usableFromInline let address: ReplyAddress

  @usableFromInline
  init(server: RequestServer, address: ReplyAddress) {
    self.server = server
    self.address = address
  }

  @inlinable
  public func succeed(_ reply: Request.Reply) {
    do {
      server.reply(try Request.encodeReply(reply), to: address)
    } catch {
      server.reply(unexpected: error, to: address)
    }
  }

  @inlinable
  public func fail(_ error: ServiceError) { server.reply(error, to: address) }

  /// Logs an error that nobody foresaw and answers `internal_error`.
  @inlinable
  public func fail(unexpected error: any Error) { server.reply(unexpected: error, to: address) }
}
