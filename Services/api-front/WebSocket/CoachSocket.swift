import Bus
import Messages

/// A coach's page that watches one session. A slow page misses poses and statuses, never more than that.
final class CoachSocket: WebSocketHandler {
  let session: SessionID
  private let feed: CoachFeed
  private let access: AccessControl
  private weak var socket: WebSocketConnection?
  private var farewell: [UInt8]?
  private var status: [UInt8]?
  private var poses: [BusMessage] = []
  private var isEnding = false
  private var question: StandingQuestion?

  /// About a quarter of a second at 60 poses a second; the oldest go first.
  private static let maximumPoses = 16

  init(session: SessionID, feed: CoachFeed, access: AccessControl) {
    self.session = session
    self.feed = feed
    self.access = access
  }

  func opened(_ socket: WebSocketConnection) {
    self.socket = socket
    access.identifySocket(socket.request, .remembered) { [weak self] result in
      guard let self, self.socket != nil else { return }
      switch result {
      case .success(.coach): begin()
      case .success: end(.coachOnly)
      case .failure(let error): end(error)
      }
    }
  }

  private func begin() {
    guard !isEnding else { return }
    question = StandingQuestion(
      { [weak self] completion in
        guard let self, let socket else { return completion(.success(())) }
        access.identifySocket(socket.request, .asked) { completion($0.map { _ in }) }
      }, refused: { [weak self] in self?.end($0) })
    feed.add(self)
  }

  /// Asks again whether this browser is still signed in: it may have been signed out, or the coach's key was changed.
  func recheck() { if !isEnding { question?.put() } }

  /// The page has nothing to say here.
  func received(_ part: WebSocketPart) {}

  func show(status text: [UInt8]) {
    guard !isEnding else { return }
    status = text
    socket?.requestWrite()
  }

  func show(_ pose: BusMessage) {
    guard !isEnding else { return }
    if poses.count == Self.maximumPoses { poses.removeFirst() }
    poses.append(pose)
    socket?.requestWrite()
  }

  func end(_ error: ServiceError) {
    guard !isEnding else { return }
    isEnding = true
    farewell = ServerMessage.error(code: error.code, message: error.message).encoded()
    status = nil
    poses = []
    socket?.requestWrite()
    socket?.close(CloseCode.forError(error), error.code)
  }

  var isDrained: Bool { farewell == nil }

  func writable() {
    guard let socket else { return }
    if let text = farewell ?? status {
      if farewell != nil { farewell = nil } else { status = nil }
      socket.send(text, as: .text)
    } else if !poses.isEmpty {
      poses.removeFirst().withUnsafeBytes { _ = socket.send($0, as: .binary) }
    }
    if status != nil || !poses.isEmpty { socket.requestWrite() }
  }

  func closed() {
    socket = nil
    question = nil
    feed.remove(self)
  }
}
