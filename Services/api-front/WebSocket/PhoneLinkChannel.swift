import Bus
import FoundationEssentials
import Messages
import Runtime
import Timing

/// One phone's end of a link: a WebSocket, or the uploads of one device.
protocol PhoneLinkOwner: AnyObject {
  /// What stream-svc must know first, also after it restarted.
  var opening: PhoneLinkOpen { get }
  func receivedText(_ text: [UInt8])
  /// stream-svc wants this phone gone.
  func closedByStream(_ error: ServiceError)
  /// What could not be sent may be tried again.
  func channelIsReady()
}

/// All phone links to one stream-svc instance, over one duplex socket.
///
/// While the instance is away nothing is queued for it: owners stop reading from their phones until it is back.
final class PhoneLinkChannel: PhoneLinkCarrier {
  let instance: Int
  private let loop: EventLoop
  private let time: any TimeSource
  private let log: Log
  private var client: DuplexClient?
  private var health = ChannelHealth()
  private var owners: [UInt64: any PhoneLinkOwner] = [:]
  /// Links that stream-svc does not know yet.
  private var unopened: Set<UInt64> = []
  private var openedAt: [UInt64: SessionTime] = [:]
  private var blocked: Set<UInt64> = []
  /// Links that have ended, which stream-svc could not be told yet. A restarted one may know them too: of a restart is heard
  /// only after what was under way has reached it; else it passes the word over.
  private var unclosed: Set<UInt64> = []
  private var retry: TimerID?
  private let shed: Counter

  /// Messages, of about 40 kB each: what a healthy instance works off within a few milliseconds.
  private static let highWaterMark = 512
  /// Every message that was under way during a restart asks for `open`; one answer to all of them is enough.
  private static let reopenPause = Duration.seconds(1)
  private static let retryPause = Duration.milliseconds(10)
  /// Beyond these stream-svc finds out by itself that nothing comes.
  private static let maximumUnclosed = 10_000

  init(_ bus: BusContext, instance: Int, metrics: Metrics) throws {
    self.instance = instance
    loop = bus.loop
    time = bus.loop.time
    log = bus.log
    shed = metrics.counter(
      "axolotl_phone_link_blocked_total", "Messages of phones held back because the instance was away or slow.",
      labels: [("instance_number", String(instance))])
    client = try DuplexClient(bus, to: .phoneLinks(instance: instance), highWaterMark: Self.highWaterMark) {
      [weak self] parts in self?.receive(parts)
    }
    bus.loop.every(ChannelHealth.heartbeat) { [weak self] in self?.beat() }
    beat()
  }

  var isAlive: Bool { health.isAlive }

  // MARK: For owners

  func add(_ owner: any PhoneLinkOwner, link: UInt64) {
    owners[link] = owner
    unopened.insert(link)
    openIfPossible(link)
    retryLater()
  }

  func remove(link: UInt64) {
    guard owners.removeValue(forKey: link) != nil else { return }
    blocked.remove(link)
    // One that is to be opened anew may be known all the same: it was asked for before its opening arrived.
    let wasOpened = openedAt.removeValue(forKey: link) != nil
    if unopened.remove(link) == nil || wasOpened { close(link) }
  }

  private func close(_ link: UInt64) {
    guard !transmit(.close, link, nil), unclosed.count < Self.maximumUnclosed else { return }
    unclosed.insert(link)
    retryLater()
  }

  func send(_ kind: PhoneLinkKind, link: UInt64, _ payload: BusMessage?, at: SessionTime) -> Bool {
    if health.isAlive, !unopened.contains(link), transmit(kind, link, payload, at: at) { return true }
    blocked.insert(link)
    shed.increment()
    retryLater()
    return false
  }

  // MARK: The socket

  private func transmit(
    _ kind: PhoneLinkKind, _ link: UInt64, _ payload: BusMessage?, at: SessionTime? = nil
  ) -> Bool {
    let header = PhoneLinkHeader(kind: kind, link: link, at: at ?? time.now()).encoded()
    let first = header.withUnsafeBytes { BusMessage(copying: $0) }
    return client?.send(payload.map { [first, $0] } ?? [first]) ?? false
  }

  private func openIfPossible(_ link: UInt64) {
    guard health.isAlive, unopened.contains(link), let owner = owners[link],
      let body = try? JSONEncoder().encode(owner.opening)
    else { return }
    guard transmit(.open, link, body.withUnsafeBytes { BusMessage(copying: $0) }) else { return }
    unopened.remove(link)
    openedAt[link] = time.now()
  }

  private func receive(_ parts: [BusMessage]) {
    guard let first = parts.first, parts.count <= 2,
      let header = try? first.withUnsafeBytes({ bytes throws(DecodingFailure) in try PhoneLinkHeader(decoding: bytes) })
    else { return log.warning("phone_link_message_unreadable", (.instance, instance)) }
    let payload = parts.count == 2 ? parts[1].bytes : []
    switch header.kind {
    case .pong: apply(health.pong(boot: payload, at: time.now()))
    case .textDown: owners[header.link]?.receivedText(payload)
    case .reopen: reopen(header.link)
    case .closeDown:
      let error = try? JSONDecoder().decode(ServiceError.self, from: Data(payload))
      owners[header.link]?.closedByStream(error ?? .internalFault)
    default: log.warning("phone_link_message_unexpected", (.instance, instance), (.link, header.link))
    }
  }

  private func reopen(_ link: UInt64) {
    guard owners[link] != nil else { return close(link) }
    if let last = openedAt[link], time.now() < last.advanced(by: Self.reopenPause) { return }
    unopened.insert(link)
    openIfPossible(link)
    retryLater()
  }

  private func beat() {
    apply(health.tick(time.now()))
    _ = transmit(.ping, 0, nil)
  }

  private func apply(_ change: ChannelHealth.Change) {
    switch change {
    case .none: return
    case .away: log.warning("stream_away", (.instance, instance))
    case .resumed: log.info("stream_back", (.instance, instance))
    case .restarted:
      log.info("stream_connected", (.instance, instance), (.count, owners.count))
      unopened = Set(owners.keys)
      for link in owners.keys { openIfPossible(link) }
    }
    retryBlocked()
  }

  private func retryBlocked() {
    guard health.isAlive else { return retryLater() }
    let ended = unclosed
    unclosed = []
    for link in ended { close(link) }
    for link in unopened { openIfPossible(link) }
    let waiting = blocked
    blocked = []
    for link in waiting { owners[link]?.channelIsReady() }
    retryLater()
  }

  /// Tries again soon if there is anything to try.
  private func retryLater() {
    guard retry == nil, !(blocked.isEmpty && unopened.isEmpty && unclosed.isEmpty) else { return }
    retry = loop.after(Self.retryPause) { [weak self] in
      self?.retry = nil
      self?.retryBlocked()
    }
  }
}
