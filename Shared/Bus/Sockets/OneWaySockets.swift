import Messages

/// Sends to whoever pulls at an endpoint. What cannot be queued is shed and counted by the caller.
public final class PushSocket {
  private let socket: BusSocket

  public init(_ bus: BusContext, to endpoint: Endpoint, highWaterMark: Int) throws {
    socket = try BusSocket(bus, .push, .connect, endpoint, BusMarks(highWaterMark))
  }

  /// False when the queue is full and nothing was sent.
  public func push(_ parts: [BusMessage]) -> Bool { socket.send(parts) }
}

/// Takes what others push to an endpoint.
public final class PullSocket {
  private let socket: BusSocket

  public init(
    _ bus: BusContext, at endpoint: Endpoint, highWaterMark: Int, onMessage: @escaping ([BusMessage]) -> Void
  ) throws {
    socket = try BusSocket(bus, .pull, .bind, endpoint, BusMarks(highWaterMark), onMessage: onMessage)
  }
}

/// Tells all who listen; those who are too slow miss some.
public final class PublishSocket {
  private let socket: BusSocket

  public init(_ bus: BusContext, at endpoint: Endpoint, highWaterMark: Int) throws {
    socket = try BusSocket(bus, .publish, .bind, endpoint, BusMarks(highWaterMark))
  }

  /// Publishes `payload` under the session's topic.
  public func publish(_ payload: BusMessage, of session: SessionID) {
    // A publisher's send never waits and never fails for a slow listener.
    _ = socket.send([BusMessage(session.text.utf8 + [0]), payload])
  }
}

/// Listens to everything published at an endpoint.
public final class SubscribeSocket {
  private let socket: BusSocket

  public init(
    _ bus: BusContext, to endpoint: Endpoint, highWaterMark: Int,
    onMessage: @escaping (SessionID, BusMessage) -> Void
  ) throws {
    socket = try BusSocket(bus, .subscribe, .connect, endpoint, BusMarks(highWaterMark), subscription: []) {
      parts in
      // The topic ends in a zero byte, so that no session's name is a prefix of another's.
      guard parts.count == 2, let session = SessionID(String(decoding: parts[0].bytes.dropLast(), as: UTF8.self))
      else { return }
      onMessage(session, parts[1])
    }
  }
}
