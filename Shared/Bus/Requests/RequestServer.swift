import Messages
import Runtime
import Timing

/// Answers requests at an endpoint, on the loop's thread.
///
/// A request that cannot be read, that nobody handles, or whose asker no longer waits costs that one message.
public final class RequestServer {
  private typealias Handler = (BusMessage, ReplyAddress) -> Void

  private let bus: BusContext
  private var server: DuplexServer?
  private var handlers: [String: Handler] = [:]
  private let requests: Counter
  private let failures: Counter
  private let expired: Counter

  /// - Parameter context: whose readiness and metrics the server reports to whoever asks.
  public convenience init(_ bus: BusContext, _ endpoint: Endpoint, context: ServiceContext) throws {
    try self.init(bus, endpoint)
    handle(ScrapeMetrics.self) { [unowned context] _ in ScrapeMetrics.Reply(text: context.metrics.exposition()) }
    handle(CheckReadiness.self) { [unowned context] _ in context.readiness }
  }

  public init(_ bus: BusContext, _ endpoint: Endpoint, highWaterMark: Int = 65_536) throws {
    self.bus = bus
    let labels = [(name: "endpoint", value: endpoint.socketName)]
    requests = bus.metrics.counter("axolotl_bus_requests_total", "Requests that arrived.", labels: labels)
    failures = bus.metrics.counter(
      "axolotl_bus_request_failures_total", "Requests answered by an error.", labels: labels)
    expired = bus.metrics.counter(
      "axolotl_bus_requests_expired_total", "Requests whose asker no longer waited.", labels: labels)
    server = try DuplexServer(bus, at: endpoint, highWaterMark: highWaterMark) { [unowned self] peer, parts in
      receive(parts, from: peer)
    }
  }

  /// Answers requests of one type at once. A thrown `ServiceError` crosses to the asker; any other error is logged here.
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
  public func handleLater<Request: BusRequest>(
    _: Request.Type, _ body: @escaping (Request, Responder<Request>) -> Void
  ) {
    precondition(handlers[Request.name] == nil, "\(Request.name) has a handler")
    handlers[Request.name] = { [unowned self] message, address in
      let responder = Responder<Request>(server: self, address: address)
      guard let request = try? message.withUnsafeBytes({ try Request.decodeBody($0) }) else {
        return responder.fail(.malformed("The body of \(Request.name)"))
      }
      body(request, responder)
    }
  }

  private func receive(_ parts: [BusMessage], from peer: PeerIdentity) {
    requests.increment()
    guard parts.count == 3, let envelope = try? parts[0].withUnsafeBytes({ try RequestEnvelope(decoding: $0) }),
      envelope.kind == .request
    else {
      bus.log.warning("bus_request_unreadable", (.count, parts.count))
      return
    }
    let address = ReplyAddress(
      peer: peer, id: envelope.id, name: parts[1].withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
    guard envelope.deadline > bus.loop.time.now() else { return expired.increment() }
    guard let handler = handlers[address.name] else {
      return reply(
        .invalid("unknown_request", "\(address.name) is not known here. Do all services have one version?"), to: address
      )
    }
    handler(parts[2], address)
  }

  func reply(_ body: BusMessage, to address: ReplyAddress) { send(.reply, body, to: address) }

  func reply(_ error: ServiceError, to address: ReplyAddress) {
    failures.increment()
    guard let body = try? BusMessage(copying: JSONBody.encode(error)) else { return }
    send(.failure, body, to: address)
  }

  func reply(unexpected error: any Error, to address: ReplyAddress) {
    bus.log.error("request_failed", (.route, address.name), (.error, String(describing: error)))
    reply(.internalFault, to: address)
  }

  private func send(_ kind: RequestEnvelope.Kind, _ body: BusMessage, to address: ReplyAddress) {
    let envelope = BusMessage(RequestEnvelope(kind: kind, id: address.id))
    // An asker that is gone needs no answer.
    _ = server?.sendTogether([envelope, body], to: address.peer)
  }
}

/// Where a reply goes.
struct ReplyAddress {
  let peer: PeerIdentity
  let id: UInt64
  let name: String
}

/// Answers one request. An answer that never comes costs the asker its deadline, nothing else.
public struct Responder<Request: BusRequest> {
  unowned let server: RequestServer
  let address: ReplyAddress

  public func succeed(_ reply: Request.Reply) {
    do {
      server.reply(BusMessage(copying: try Request.encodeReply(reply)), to: address)
    } catch {
      server.reply(unexpected: error, to: address)
    }
  }

  public func fail(_ error: ServiceError) { server.reply(error, to: address) }

  /// Logs an error that nobody foresaw and answers `internal_error`.
  public func fail(unexpected error: any Error) { server.reply(unexpected: error, to: address) }
}
