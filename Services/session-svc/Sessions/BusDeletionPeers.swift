import Bus
import Messages

/// The services that hold something of a session, over the bus.
final class BusDeletionPeers: DeletionPeers {
  private let tokens: RequestClient
  private let gateway: RequestClient
  private let streams: StreamClients

  init(_ bus: BusContext, _ streams: StreamClients, tokens: RequestClient) throws {
    self.streams = streams
    self.tokens = tokens
    gateway = try RequestClient(bus, .gateway, of: .edgeGateway)
  }

  func remove(
    _ session: SessionID, as deletion: DeletionID, from part: DeletionPart,
    _ completion: @escaping (Result<(items: Int, bytes: Int), ServiceError>) -> Void
  ) {
    // The worker has its own back-off, so each question is asked once.
    switch part {
    case .tokens:
      tokens.send(RevokeTokens(session: session, deletion: deletion), retries: 0) {
        completion($0.map { ($0.revoked, 0) })
      }
    case .gateway:
      gateway.send(DeleteReconstruction(session: session, deletion: deletion), retries: 0) {
        completion($0.map { ($0.files, 0) })
      }
    case .stream(let instance):
      streams.send(DeleteRecordings(session: session, deletion: deletion), to: instance, retries: 0) {
        completion($0.map { ($0.files, $0.bytes) })
      }
    }
  }
}
