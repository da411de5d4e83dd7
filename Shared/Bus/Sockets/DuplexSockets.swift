import Messages

/// Which connected client a message came from. A client that restarts comes back as another.
public struct PeerIdentity: Hashable, Sendable {
  let bytes: [UInt8]
}

/// The side of a conversation that many clients connect to; either side may speak at any time.
public final class DuplexServer {
  private let socket: BusSocket

  public convenience init(
    _ bus: BusContext, at endpoint: Endpoint, highWaterMark: Int,
    onMessage: @escaping (PeerIdentity, [BusMessage]) -> Void
  ) throws {
    try self.init(bus, at: endpoint, BusMarks(highWaterMark), onMessage: onMessage)
  }

  init(
    _ bus: BusContext, at endpoint: Endpoint, _ marks: BusMarks,
    onMessage: @escaping (PeerIdentity, [BusMessage]) -> Void
  ) throws {
    socket = try BusSocket(bus, .router, .bind, endpoint, marks) { parts in
      guard let identity = parts.first else { return }
      onMessage(PeerIdentity(bytes: identity.bytes), Array(parts.dropFirst()))
    }
  }

  /// False when that client is gone or its queue is full.
  public func send(_ parts: [BusMessage], to peer: PeerIdentity) -> Bool {
    socket.send([BusMessage(copying: peer.bytes)] + parts)
  }
}

/// A client of a `DuplexServer`.
public final class DuplexClient {
  private let socket: BusSocket

  public convenience init(
    _ bus: BusContext, to endpoint: Endpoint, highWaterMark: Int, onMessage: @escaping ([BusMessage]) -> Void
  ) throws {
    try self.init(bus, to: endpoint, BusMarks(highWaterMark), onMessage: onMessage)
  }

  init(
    _ bus: BusContext, to endpoint: Endpoint, _ marks: BusMarks, onMessage: @escaping ([BusMessage]) -> Void
  ) throws {
    socket = try BusSocket(bus, .dealer, .connect, endpoint, marks, onMessage: onMessage)
  }

  /// False when the queue is full, because the server is away or slow.
  public func send(_ parts: [BusMessage]) -> Bool { socket.send(parts) }
}
