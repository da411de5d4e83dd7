import Bus
import Messages
import Runtime
import Timing

/// The phones that are connected to this instance itself, by WebRTC. What `PhoneLinks` is for those that api-front relays.
///
/// Belongs to the loop's thread. webrtcbin's calls are made on a `PeerThread`, what it tells comes through `PeerVoice`, and
/// `PeerEndings` frees it.
final class PeerLinks {
  struct Configuration {
    var peer = WebRTCPeer.Configuration()
    var maximumPeers = 64
    /// How long an answer waits for candidates: those of the machine itself take a few milliseconds, STUN a while.
    var gatheringPatience = Duration.milliseconds(700)
    var connectingPatience = Duration.seconds(20)
    /// A phone exchanges clocks each second.
    var silencePatience = Duration.seconds(15)
  }

  var onEvent: (LinkAddress, PhoneLinkEvent, SessionTime) -> Void = { _, _, _ in }
  /// A candidate of this side that the answer did not have yet.
  var onLateCandidate: (DeviceKey, String) -> Void = { _, _ in }
  /// Asks whether the device may (still) be here; nil: yes, or nobody knows.
  var check: (DeviceKey, @escaping (ServiceError?) -> Void) -> Void = { _, completion in completion(nil) }

  private final class Weak {
    weak var links: PeerLinks?
    init(_ links: PeerLinks) { self.links = links }
  }

  private let loop: EventLoop
  private let log: Log
  private let metrics: PeerMetrics
  private let configuration: Configuration
  private var connections: [UInt64: PeerConnection] = [:]
  private var lastNumber: UInt64 = 0
  /// Made with the first offer: at rest there is no thread of WebRTC's, and GStreamer is not loaded.
  private lazy var thread = makeThread()
  private let makeThread: () -> PeerThread
  private var isStarted = false
  private let endings: PeerEndings

  private static let maximumFaults = 64
  /// For the last words to leave and the channels to close after them, when the phone does not answer to it sooner.
  private static let farewell = Duration.seconds(2)
  /// So long before a channel closes, because within webrtcbin its end may overtake the words on the other. The phone would
  /// take that for a broken link and come back.
  private static let lastWords = Duration.milliseconds(100)
  /// On a busy machine they may still be on their way then; they are looked after so often, and no longer than this in all.
  private static let lastWordsPoll = Duration.milliseconds(50)
  private static let lastWordsLimit = Duration.seconds(1)

  init(
    loop: EventLoop, log: Log, metrics: PeerMetrics, configuration: Configuration,
    makeThread: @escaping () -> PeerThread = { PeerThread("webrtc") }
  ) {
    self.loop = loop
    self.makeThread = makeThread
    endings = PeerEndings(loop: loop, log: log)
    self.log = log
    self.metrics = metrics
    self.configuration = configuration
  }

  private var now: SessionTime { loop.time.now() }

  /// Connections with an open channel.
  var openCount: Int { connections.values.count { $0.phase == .open } }
  /// Peers that ended and are not free yet, and those of them that were left behind.
  var endingCount: Int { endings.count }
  var abandonedCount: Int { endings.abandonedCount }

  // MARK: - Signalling

  /// Answers a phone's offer. The phone's present connection goes on until the new one is open.
  func offer(_ request: SignalOffer, _ completion: @escaping (Result<SignalOffer.Reply, ServiceError>) -> Void) {
    let offer: OfferDescription
    do throws(OfferDescription.Refusal) {
      offer = try OfferDescription(parsing: request.sdp)
    } catch {
      return completion(.failure(.offer(error)))
    }
    let mine = connections.values.filter { $0.key == request.opening.key && $0.phase != .closing }
    if let same = mine.first(where: { $0.offer.identity == offer.identity }) {
      same.tokenExpiresAt = request.tokenExpiresAt
      return again(same, offer, completion)
    }
    // Of one phone one connection may be open and one under way.
    for older in mine where older.phase == .negotiating { end(older, because: .peerReplaced) }
    guard connections.count + endings.count < configuration.maximumPeers else {
      return completion(.failure(.tooManyPeers))
    }
    let connection = make(request, offer)
    connection.responses.append(completion)
  }

  private func make(_ request: SignalOffer, _ offer: OfferDescription) -> PeerConnection {
    lastNumber += 1
    let number = lastNumber
    let bound = LoopBound(Weak(self), on: loop)
    let voice = PeerVoice(loop.handle, time: loop.time) { event in
      bound.withValue { $0.links?.receive(event, number) }
    }
    let connection = PeerConnection(number: number, request, offer: offer, voice: voice, at: now)
    connections[number] = connection
    metrics.offers.increment()
    let configuration = configuration.peer
    isStarted = true
    let isQueued = thread.run { [handle = loop.handle] in
      do throws(PeerFailure) {
        let peer = try WebRTCPeer(configuration, voice: voice)
        handle.post { bound.withValue { $0.links?.made(peer, number) } }
        voice.tell(.described(answer: try peer.answer(offer)))
      } catch {
        voice.fail(error)
      }
    }
    if !isQueued { voice.fail(.overloaded) }
    loop.after(self.configuration.connectingPatience) { [weak self] in
      guard let self, let connection = connections[number], connection.phase == .negotiating else { return }
      end(connection, because: .peerNotConnected)
    }
    return connection
  }

  /// The same RTCPeerConnection offers again: the same offer, or new ICE credentials after its network changed.
  private func again(
    _ connection: PeerConnection, _ offer: OfferDescription,
    _ completion: @escaping (Result<SignalOffer.Reply, ServiceError>) -> Void
  ) {
    connection.responses.append(completion)
    // Without an answer yet, this one waits for it with the others.
    guard connection.answer != nil, let peer = connection.peer else { return }
    guard offer.ufrag != connection.offer.ufrag else { return respondIfPossible(connection, gathering: false) }
    connection.offer = offer
    connection.lastHeard = now
    let bound = LoopBound(Weak(self), on: loop)
    let number = connection.number
    thread.run { [handle = loop.handle] in
      let credentials = peer.restart(offer)
      handle.post { bound.withValue { $0.links?.restarted(number, credentials) } }
    }
    metrics.restarts.increment()
  }

  private func restarted(_ number: UInt64, _ credentials: IceCredentials?) {
    guard let connection = connections[number] else { return }
    guard let credentials, let answer = connection.answer else {
      return connection.respond(.failure(.peer(.refused("ICE restart"))))
    }
    connection.answer = credentials.replacing(in: answer)
    respondIfPossible(connection, gathering: false)
  }

  /// Takes candidates that a phone found late, and returns those of this side.
  func add(_ request: SignalCandidates) throws(ServiceError) -> SignalCandidates.Reply {
    guard let connection = newest(of: request.key) else { throw .noPeer }
    for text in request.candidates.prefix(SignalCandidates.maximumCandidates) { add(text, to: connection) }
    return SignalCandidates.Reply(candidates: connection.candidates, isComplete: connection.isGathered)
  }

  /// The same, of one that came by another connection of the phone.
  func add(candidate text: String, of key: DeviceKey) {
    if let connection = newest(of: key) { add(text, to: connection) }
  }

  private func add(_ text: String, to connection: PeerConnection) {
    guard let candidate = IceCandidate(text), let peer = connection.peer else { return }
    thread.run { peer.add(candidate) }
  }

  private func newest(of key: DeviceKey) -> PeerConnection? {
    connections.values.filter { $0.key == key && $0.phase != .closing }.max { $0.number < $1.number }
  }

  private func respondIfPossible(_ connection: PeerConnection, gathering: Bool) {
    guard connection.isGathered || !gathering, let sdp = connection.completeAnswer else { return }
    connection.isAnswered = true
    connection.respond(.success(SignalOffer.Reply(sdp: sdp)))
  }

  // MARK: - What peers tell

  private func made(_ peer: WebRTCPeer, _ number: UInt64) {
    guard let connection = connections[number], connection.phase != .closing else {
      return endings.add(number, after: thread) { peer.close() }
    }
    connection.peer = peer
  }

  private func receive(_ event: PeerEvent, _ number: UInt64) {
    guard let connection = connections[number] else { return }
    if connection.phase == .closing {
      switch event {
      case .closed(.control), .failed: return remove(connection)
      default: return
      }
    }
    switch event {
    case .described(let answer): described(connection, answer)
    case .candidate(let text):
      connection.add(text)
      if connection.isAnswered { onLateCandidate(connection.key, text) }
    case .gathered:
      connection.isGathered = true
      respondIfPossible(connection, gathering: true)
    // It takes the place of the phone's present connection when the phone speaks on it: until then it may turn back.
    case .opened: connection.lastHeard = now
    case .message(let message): receive(message, connection)
    case .closed(let channel):
      // Without the control channel nothing can be acknowledged.
      if channel == .control { end(connection, because: nil) }
    case .failed(let failure):
      // Of a phone that was connected this is the usual end: it has hung up, or is out of reach.
      if connection.phase == .negotiating {
        log.warning(
          "peer_failed", (.session, connection.key.session.text), (.device, connection.key.device.text),
          (.error, String(describing: failure)))
      }
      end(connection, because: .peer(failure))
    }
  }

  private func described(_ connection: PeerConnection, _ answer: String) {
    connection.answer = answer
    respondIfPossible(connection, gathering: true)
    loop.after(configuration.gatheringPatience) { [weak self, weak connection] in
      guard let self, let connection else { return }
      respondIfPossible(connection, gathering: false)
    }
  }

  /// The phone has spoken.
  private func opened(_ connection: PeerConnection) {
    guard connection.phase == .negotiating else { return }
    connection.phase = .open
    connection.lastHeard = now
    log.info(
      "peer_connected", (.session, connection.key.session.text), (.device, connection.key.device.text),
      (.link, connection.number))
    onEvent(connection.address, .open(connection.opening), now)
  }

  private func receive(_ message: PeerMessage, _ connection: PeerConnection) {
    connection.lastHeard = message.arrived
    opened(connection)
    let givenUp = connection.assembler.framesGivenUp
    let input = PeerInput.read(message, &connection.assembler)
    metrics.framesGivenUp.increment(by: connection.assembler.framesGivenUp - givenUp)
    switch input {
    case .event(let event, let arrived): onEvent(connection.address, event, arrived)
    case .clock(let request, let arrived):
      send(
        connection,
        .clock(id: request.id, t0: request.t0, t1: arrived.microseconds, t2: now.microseconds))
      if let previous = request.prev { onEvent(connection.address, .clockSample(previous.sample), arrived) }
    case .incomplete: return
    case .refused(let code, let reason):
      connection.faults += 1
      metrics.refused.increment()
      send(connection, .error(code: code, message: reason))
      if connection.faults > Self.maximumFaults {
        end(
          connection,
          because: .invalid("malformed_message", "Too many messages could not be read. See PROTOCOL.md."))
      }
    }
  }

  // MARK: - To the phones

  func send(_ message: ServerMessage, to address: LinkAddress) {
    guard let connection = connections[address.link], connection.phase == .open else { return }
    send(connection, message)
  }

  private func send(_ connection: PeerConnection, _ message: ServerMessage) {
    guard connection.peer?.send(message.encoded()) == .overflow else { return }
    log.warning("phone_does_not_read", (.session, connection.key.session.text), (.device, connection.key.device.text))
    end(connection, because: .peer(.overloaded))
  }

  func close(_ address: LinkAddress, because error: ServiceError) {
    guard let connection = connections[address.link] else { return }
    end(connection, because: error, tellDesk: false)
  }

  /// The camera is not known (any more): it is opened anew.
  func reopen(_ address: LinkAddress) {
    guard let connection = connections[address.link], connection.phase == .open else { return }
    onEvent(address, .open(connection.opening), now)
  }

  // MARK: - The end

  private func end(_ connection: PeerConnection, because error: ServiceError?, tellDesk: Bool = true) {
    guard connection.phase != .closing else { return }
    let wasOpen = connection.phase == .open
    connection.phase = .closing
    connection.respond(.failure(error ?? .peer(.failed("closed"))))
    if wasOpen {
      if let error {
        _ = connection.peer?.send(ServerMessage.error(code: error.code, message: error.message).encoded())
      }
      let limit = now.advanced(by: Self.lastWordsLimit)
      loop.after(error == nil ? .zero : Self.lastWords) { [weak self] in self?.hangUp(connection, atLatest: limit) }
    }
    log.info(
      "peer_ended", (.session, connection.key.session.text), (.device, connection.key.device.text),
      (.code, error?.code ?? "closed"), (.link, connection.number))
    metrics.framesShed.increment(by: connection.voice.takeShedCount())
    if wasOpen, tellDesk { onEvent(connection.address, .close, now) }
    loop.after(wasOpen ? Self.farewell : .zero) { [weak self] in self?.remove(connection) }
  }

  private func hangUp(_ connection: PeerConnection, atLatest limit: SessionTime) {
    guard let peer = connection.peer else { return }
    guard peer.isSpeaking, now < limit else { return peer.hangUp() }
    loop.after(Self.lastWordsPoll) { [weak self] in self?.hangUp(connection, atLatest: limit) }
  }

  private func remove(_ connection: PeerConnection) {
    guard connections.removeValue(forKey: connection.number) != nil else { return }
    connection.voice.silence()
    guard let peer = connection.peer else { return }
    connection.peer = nil
    endings.add(connection.number, after: thread) { peer.close() }
  }

  // MARK: - Housekeeping

  /// Called every half second.
  func tick() {
    endings.tick()
    let utcSeconds = loop.time.utcMicroseconds() / 1_000_000
    for connection in connections.values where utcSeconds >= connection.tokenExpiresAt {
      end(connection, because: .deviceTokenExpired)
    }
    for connection in connections.values where connection.phase == .open {
      metrics.framesShed.increment(by: connection.voice.takeShedCount())
      connection.assembler.giveUp(olderThan: now)
      if now - connection.lastHeard > configuration.silencePatience.wholeMicroseconds {
        end(connection, because: .peerSilent)
      }
    }
  }

  /// Asks for every phone whether it is still welcome; called more often than once a second.
  func recheck() {
    for connection in connections.values where connection.phase != .closing && !connection.isBeingChecked {
      connection.isBeingChecked = true
      check(connection.key) { [weak self, weak connection] error in
        guard let self, let connection else { return }
        connection.isBeingChecked = false
        if let error { end(connection, because: error) }
      }
    }
  }

  /// Ends all connections. False when that takes longer than `limit`.
  func stop(within limit: Duration) -> Bool {
    guard isStarted else { return true }
    for connection in connections.values {
      end(connection, because: ServiceError(code: "restarting", message: "Connect again in a moment.", status: 503))
      remove(connection)
    }
    let began = now
    guard thread.stop(within: limit) else { return false }
    return endings.stop(within: max(.zero, limit - .microseconds(now - began)))
  }
}
