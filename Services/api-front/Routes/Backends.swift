import Bus
import Messages
import Runtime

/// The clients of the other services.
struct Backends {
  let tokens: RequestClient
  let sessions: RequestClient
  let gateway: RequestClient
  /// By instance number.
  let streams: [Int: RequestClient]
  let loop: EventLoop

  init(_ bus: BusContext, streamInstances: Int) throws {
    loop = bus.loop
    tokens = try RequestClient(bus, .tokens, of: .tokenService)
    sessions = try RequestClient(bus, .sessions, of: .sessionService)
    gateway = try RequestClient(bus, .gateway, of: .edgeGateway)
    var streams: [Int: RequestClient] = [:]
    for instance in 1...streamInstances {
      streams[instance] = try RequestClient(bus, .stream(instance: instance), of: .streamService)
    }
    self.streams = streams
  }

  /// All of them, with the name that people know them by.
  var named: [(name: String, client: RequestClient)] {
    [("token-svc", tokens), ("session-svc", sessions), ("edge-gateway", gateway)]
      + streams.sorted { $0.key < $1.key }.map { ("stream-svc@\($0.key)", $0.value) }
  }

  func stream(_ instance: Int) throws(ServiceError) -> RequestClient {
    guard let client = streams[instance] else {
      throw ServiceError(
        code: "unknown_instance",
        message: "stream-svc@\(instance) is not configured here. Set AXOLOTL_STREAM_INSTANCES alike in all services.",
        status: 503)
    }
    return client
  }
}

extension RouteCall {
  /// Goes on with the session named in the path, if session-svc knows it; else that is the answer. What edge-gateway and
  /// stream-svc hold lies under a name, of which they cannot tell whose it is.
  func withSession(of backends: Backends, _ body: @escaping (SessionID) -> Void) {
    attempt { () throws(ServiceError) in
      let session = try pathSession()
      backends.sessions.send(GetSessionStatus(session: session)) { result in
        switch result {
        case .success: body(session)
        case .failure(let error): fail(error)
        }
      }
    }
  }
}

/// Asks several services at once and waits for all answers.
final class Gather<Value> {
  private var results: [Value?]
  private var outstanding: Int
  private let completion: ([Value]) -> Void

  init(_ count: Int, _ completion: @escaping ([Value]) -> Void) {
    results = Array(repeating: nil, count: count)
    outstanding = count
    self.completion = completion
    if count == 0 { completion([]) }
  }

  func put(_ value: Value, at index: Int) {
    guard results[index] == nil else { return }
    results[index] = value
    outstanding -= 1
    if outstanding == 0 { completion(results.compactMap { $0 }) }
  }
}
