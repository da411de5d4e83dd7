import Bus
import FoundationEssentials
import Messages
import Runtime
import Timing

/// What arrives on the phone links, read and told apart.
enum PhoneLinkEvent {
  case open(PhoneLinkOpen)
  case frame(BusMessage)
  case text(PhoneMessage)
  case unreadable(ServerMessage)
  case clockSample(ClockSample)
  case close
}

/// The socket that api-front's links arrive at: reads, answers pings, and sends back.
final class PhoneLinks {
  var onEvent: (LinkAddress, PhoneLinkEvent, SessionTime) -> Void = { _, _, _ in }

  private let loop: EventLoop
  private let log: Log
  private let shed: Counter
  private let boot: BusMessage
  private var server: DuplexServer?
  private var lastHeard: [PeerIdentity: SessionTime] = [:]

  /// A silent api-front is taken for gone; it pings twice a second.
  static let patience = Duration.seconds(20)
  /// About 40 kB each, shared by all phones of this instance.
  private static let highWaterMark = 4096
  private static let maximumOpenBytes = 16 * 1024

  init(_ bus: BusContext, instance: Int, shed: Counter) throws {
    loop = bus.loop
    log = bus.log
    self.shed = shed
    var boot = SystemRandomNumberGenerator()
    self.boot = withUnsafeBytes(of: boot.next()) { BusMessage(copying: $0) }
    server = try DuplexServer(bus, at: .phoneLinks(instance: instance), highWaterMark: Self.highWaterMark) {
      [weak self] peer, parts in self?.receive(peer, parts)
    }
  }

  // MARK: Down

  func send(_ message: ServerMessage, to address: LinkAddress) {
    let bytes = message.encoded()
    send(.textDown, bytes.withUnsafeBytes { BusMessage(copying: $0) }, to: address)
  }

  func close(_ address: LinkAddress, because error: ServiceError) {
    // A `ServiceError` always encodes.
    guard let body = try? JSONEncoder().encode(error) else { return }
    send(.closeDown, body.withUnsafeBytes { BusMessage(copying: $0) }, to: address)
  }

  func askToReopen(_ address: LinkAddress) { send(.reopen, nil, to: address) }

  private func send(_ kind: PhoneLinkKind, _ payload: BusMessage?, to address: LinkAddress) {
    let header = PhoneLinkHeader(kind: kind, link: address.link, at: loop.time.now()).encoded()
    let first = header.withUnsafeBytes { BusMessage(copying: $0) }
    let isTaken = address.peer.flatMap { server?.send(payload.map { [first, $0] } ?? [first], to: $0) } ?? false
    if !isTaken { shed.increment() }
  }

  // MARK: Up

  /// The peers that have been silent for too long; they are forgotten.
  func takeSilentPeers() -> Set<PeerIdentity> {
    let limit = loop.time.now() + -Self.patience.wholeMicroseconds
    let silent = Set(lastHeard.filter { $0.value < limit }.keys)
    for peer in silent { lastHeard[peer] = nil }
    return silent
  }

  private func receive(_ peer: PeerIdentity, _ parts: [BusMessage]) {
    guard let first = parts.first, parts.count <= 2,
      let header = try? first.withUnsafeBytes({ bytes throws(DecodingFailure) in try PhoneLinkHeader(decoding: bytes) })
    else { return log.warning("phone_link_message_unreadable", (.count, parts.count)) }
    lastHeard[peer] = loop.time.now()
    let address = LinkAddress(peer: peer, link: header.link)
    if header.kind == .ping { return send(.pong, boot, to: address) }
    guard let event = event(header.kind, parts.count == 2 ? parts[1] : nil) else {
      return log.warning("phone_link_message_unexpected", (.link, header.link))
    }
    onEvent(address, event, header.at)
  }

  private func event(_ kind: PhoneLinkKind, _ payload: BusMessage?) -> PhoneLinkEvent? {
    switch (kind, payload) {
    case (.frame, let payload?): .frame(payload)
    case (.clockSample, let payload?):
      (try? payload.withUnsafeBytes { bytes throws(DecodingFailure) in try ClockSample(decoding: bytes) })
        .map { .clockSample($0) }
    case (.text, let payload?): text(payload)
    case (.open, let payload?) where payload.count <= Self.maximumOpenBytes:
      (try? JSONDecoder().decode(PhoneLinkOpen.self, from: Data(payload.bytes))).map { .open($0) }
    case (.close, nil): .close
    default: nil
    }
  }

  private func text(_ payload: BusMessage) -> PhoneLinkEvent {
    do {
      return .text(
        try payload.withUnsafeBytes { bytes throws(DecodingFailure) in try PhoneMessage(decoding: bytes) })
    } catch {
      return .unreadable(
        .error(code: "message_malformed", message: "The text message could not be read (\(error)). See PROTOCOL.md."))
    }
  }
}
