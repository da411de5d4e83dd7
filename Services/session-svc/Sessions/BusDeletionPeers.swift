import Bus
import Messages

/// The services that hold something of a session, over the bus.
final class BusDeletionPeers: DeletionPeers {
  private let bus: BusContext
  private let tokens: RequestClient
  private let gateway: RequestClient
  private var streams: [Int: RequestClient] = [:]

  init(_ bus: BusContext) throws {
    self.bus = bus
    tokens = try RequestClient(bus, .tokens, of: .tokenService)
    gateway = try RequestClient(bus, .gateway, of: .edgeGateway)
  }

  func remove(
    _ session: SessionID, from part: DeletionPart,
    _ completion: @escaping (Result<(items: Int, bytes: Int), ServiceError>) -> Void
  ) {
    // The worker has its own back-off, so each question is asked once.
    switch part {
    case .tokens:
      tokens.send(RevokeTokens(session: session), retries: 0) { completion($0.map { ($0.revoked, 0) }) }
    case .gateway:
      gateway.send(DeleteReconstruction(session: session), retries: 0) { completion($0.map { ($0.files, 0) }) }
    case .stream(let instance):
      do {
        try stream(instance).send(DeleteRecordings(session: session), retries: 0) {
          completion($0.map { ($0.files, $0.bytes) })
        }
      } catch {
        bus.log.error("bus_failed", (.instance, instance), (.error, String(describing: error)))
        completion(.failure(.timedOut(part.name)))
      }
    }
  }

  private func stream(_ instance: Int) throws -> RequestClient {
    if let client = streams[instance] { return client }
    let client = try RequestClient(bus, .stream(instance: instance), of: .streamService)
    streams[instance] = client
    return client
  }
}
