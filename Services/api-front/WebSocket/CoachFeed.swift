import Bus
import Messages
import Runtime

/// What coaches' pages watch: each watched session's status twice a second, and 3D poses as they are published.
final class CoachFeed {
  let log: Log
  private let backends: Backends
  private var watchers: [SessionID: [ObjectIdentifier: CoachSocket]] = [:]
  private var asking: Set<SessionID> = []
  private var poses: SubscribeSocket?
  private let relayed: Counter

  private static let period = Duration.milliseconds(500)

  init(_ bus: BusContext, _ backends: Backends, metrics: Metrics) throws {
    self.backends = backends
    log = bus.log
    relayed = metrics.counter("axolotl_poses_relayed_total", "3D poses handed to coaches' pages.")
    poses = try SubscribeSocket(bus, to: .livePoses, highWaterMark: 256) { [weak self] session, pose in
      self?.received(pose, of: session)
    }
    bus.loop.every(Self.period) { [weak self] in self?.pushStatus() }
  }

  func add(_ socket: CoachSocket) {
    watchers[socket.session, default: [:]][ObjectIdentifier(socket)] = socket
    ask(socket.session)
  }

  func remove(_ socket: CoachSocket) {
    watchers[socket.session]?[ObjectIdentifier(socket)] = nil
    if watchers[socket.session]?.isEmpty == true { watchers[socket.session] = nil }
  }

  /// Asks again of everybody who watches whether they may.
  func recheck() {
    for socket in watchers.values.flatMap(\.values) { socket.recheck() }
  }

  func sayGoodbye() {
    for socket in watchers.values.flatMap(\.values) { socket.end(.restarting) }
  }

  private func received(_ pose: BusMessage, of session: SessionID) {
    guard let sockets = watchers[session] else { return }
    for socket in sockets.values {
      relayed.increment()
      socket.show(pose)
    }
  }

  private func pushStatus() {
    for session in watchers.keys { ask(session) }
  }

  /// One question per session is under way at a time, however many pages watch it.
  private func ask(_ session: SessionID) {
    guard asking.insert(session).inserted else { return }
    StatusDocument.fetch(session, from: backends) { [weak self] result in
      guard let self else { return }
      asking.remove(session)
      guard let sockets = watchers[session]?.values else { return }
      switch result {
      case .success(let document):
        guard case .bytes(let text) = HTTPResponse.json(document).body else { return }
        for socket in sockets { socket.show(status: text) }
      case .failure(let error) where error.status == 404 || error.status == 410:
        for socket in sockets { socket.end(error) }
      case .failure: return
      }
    }
  }
}
