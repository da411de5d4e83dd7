import Bus
import Messages
import Runtime
import Timing

/// All WebSockets: which paths there are, who may come in, and what each is connected to.
final class SocketHub: WebSocketGate {
  let time: any TimeSource
  let log: Log
  let refusedMessages: Counter
  let strangersRefused: Counter
  let uploads: UploadLinks
  private let access: AccessControl
  private let backends: Backends
  private var channels: [Int: PhoneLinkChannel] = [:]
  private let feed: CoachFeed
  private var phones: [DeviceKey: PhoneSocket] = [:]
  private let links: LinkNumbers

  private static let recheckPeriod = Duration.milliseconds(500)
  private static let phonePattern = PathPattern("/ws/pair/{session}/{device}")
  private static let coachPattern = PathPattern("/ws/session/{session}")

  init(_ bus: BusContext, _ context: ServiceContext, _ backends: Backends, _ access: AccessControl) throws {
    time = context.time
    log = context.log
    self.access = access
    self.backends = backends
    let metrics = context.metrics
    refusedMessages = metrics.counter("axolotl_ws_messages_refused_total", "Malformed or oversized messages of phones.")
    strangersRefused = metrics.counter(
      "axolotl_ws_strangers_refused_total", "Phones' WebSockets refused without a token that is good for that phone.")
    for instance in backends.streams.keys {
      channels[instance] = try PhoneLinkChannel(bus, instance: instance, metrics: metrics)
    }
    feed = try CoachFeed(bus, backends, metrics: metrics)
    // Numbers go on from the clock, so that a restarted api-front does not reuse one that stream-svc still knows.
    links = LinkNumbers(startingAt: UInt64(max(1, context.time.utcMicroseconds())))
    uploads = UploadLinks(loop: context.loop, links: links)
    metrics.gauge("axolotl_ws_phones", "Phones connected over WebSocket.") { [unowned self] in Double(phones.count) }
    // What was revoked or ended by whomever is honoured within a second, on open connections too.
    context.loop.every(Self.recheckPeriod) { [unowned self] in
      for phone in phones.values { phone.recheck() }
      uploads.recheck()
      feed.recheck()
    }
    uploads.locate = { [unowned self] key, completion in
      locate(key) { result in
        completion(result.map { located -> UploadLinks.Located in (located.placement, located.channel) })
      }
    }
  }

  // MARK: Which sockets there are

  func knows(_ request: HTTPRequest) -> Bool { handler(for: request, link: 0) != nil }

  func handler(for request: HTTPRequest) -> (any WebSocketHandler)? { handler(for: request, link: links.next()) }

  private func handler(for request: HTTPRequest, link: UInt64) -> (any WebSocketHandler)? {
    let path = PathPattern.segments(of: request.path)
    if let parameters = Self.phonePattern.match(path) {
      guard let session = parameters["session"].flatMap({ SessionID($0) }),
        let device = parameters["device"].flatMap({ DeviceID($0) })
      else { return nil }
      return PhoneSocket(self, key: DeviceKey(session: session, device: device), link: link)
    }
    if let session = Self.coachPattern.match(path)?["session"].flatMap({ SessionID($0) }) {
      return CoachSocket(session: session, feed: feed, access: access)
    }
    return nil
  }

  // MARK: For phones

  typealias Located = (placement: DevicePlacement, channel: PhoneLinkChannel)

  /// Checks that the request's token is this device's.
  func recognize(
    _ request: HTTPRequest, _ key: DeviceKey, _ completion: @escaping (Result<Void, ServiceError>) -> Void
  ) {
    access.identifySocket(request, .remembered) { result in
      switch result {
      case .failure(let error): completion(.failure(error))
      case .success(.phone(key, _)): completion(.success(()))
      case .success(.phone(let other, _)):
        completion(.failure(other.session == key.session ? .otherDevice : .otherSession))
      case .success: completion(.failure(.phoneOnly))
      }
    }
  }

  func locate(
    _ key: DeviceKey, retries: Int = 2, _ completion: @escaping (Result<Located, ServiceError>) -> Void
  ) {
    backends.sessions.send(LocateDevice(key: key), retries: retries) { [weak self] result in
      completion(
        result.flatMap { placement in
          guard let channel = self?.channels[placement.instance] else {
            return .failure(
              ServiceError(
                code: "unknown_instance",
                message: "stream-svc@\(placement.instance) is not configured in api-front. "
                  + "Set AXOLOTL_STREAM_INSTANCES alike in all services.", status: 503))
          }
          return .success((placement, channel))
        })
    }
  }

  /// A device has one WebSocket: a new one, with its token, takes the place of the old.
  func admit(_ phone: PhoneSocket) {
    let old = phones[phone.key]
    phones[phone.key] = phone
    old?.end(.replacedConnection)
  }

  /// A session was ended or deleted, or a phone of it removed: they learn it now rather than with the next round.
  func recheck(_ session: SessionID) {
    for phone in phones.values where phone.key.session == session { phone.recheck() }
    uploads.recheck(session)
  }

  /// The coach removed this phone and hears of it now: nothing that arrives from here on is taken. Its peer on WebRTC, if
  /// it has one, is stream-svc's to cut.
  func shutOut(_ key: DeviceKey) {
    phones[key]?.end(.deviceRemoved)
    uploads.shutOut(key)
  }

  /// A coach's browser was signed out: its open connections learn it now rather than with the next round.
  func recheckCoaches() { feed.recheck() }

  /// What may be asked again of a phone that is connected. Each service is asked by itself: while one of them is away,
  /// the refusal of the other counts.
  func standingQuestions(
    _ request: HTTPRequest, _ key: DeviceKey, placed: @escaping (Located) -> Void,
    refused: @escaping (ServiceError) -> Void
  ) -> [StandingQuestion] {
    [
      StandingQuestion(
        { [weak self] completion in
          guard let self else { return completion(.failure(.restarting)) }
          locate(key, retries: 0) { result in
            if case .success(let located) = result { placed(located) }
            completion(result.map { _ in })
          }
        }, refused: refused),
      StandingQuestion(
        { [access] completion in
          access.identifySocket(request, .asked) { completion($0.map { _ in }) }
        }, refused: refused),
    ]
  }

  func dismiss(_ phone: PhoneSocket) {
    if phones[phone.key] === phone { phones[phone.key] = nil }
  }

  /// The process stops: phones are told to come again.
  func sayGoodbye() {
    for phone in phones.values { phone.end(.restarting) }
    uploads.closeAll()
    feed.sayGoodbye()
  }
}

/// Numbers of links, never given twice.
final class LinkNumbers {
  private var last: UInt64
  init(startingAt first: UInt64) { last = first }
  func next() -> UInt64 {
    last += 1
    return last
  }
}

extension ServiceError {
  static let replacedConnection = ServiceError(
    code: "replaced", message: "This device has connected anew; the older connection is closed.", status: 409)
  static let restarting = ServiceError(
    code: "restarting", message: "The server restarts. Connect again in a moment.", status: 503)
}
