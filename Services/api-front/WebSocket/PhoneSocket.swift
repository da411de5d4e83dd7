import Bus
import Messages
import Runtime
import Timing

/// A phone's WebSocket: who it is, then frames up and words down.
final class PhoneSocket: WebSocketHandler, PhoneLinkOwner {
  /// A message that the channel did not take.
  private struct Held {
    let kind: PhoneLinkKind
    let payload: BusMessage
    let at: SessionTime
  }

  let key: DeviceKey
  let link: UInt64
  private let hub: SocketHub
  private weak var socket: WebSocketConnection?
  private var channel: PhoneLinkChannel?
  private var placement: DevicePlacement?
  private var assembly = MessageAssembly(
    maximumBinary: FrameHeader.size + FrameHeader.maximumPayload,
    maximumText: FrameHeader.maximumPayload / 3 * 4 + 1024)
  private var arrivedAt = SessionTime.zero
  private var held: [Held] = []
  private var outbound = OutboundQueue()
  private var faults = 0
  private var isEnding = false
  /// Whether its token is that of the phone it says to be. Until then the names are any that a stranger chose.
  private var isKnown = false
  private var questions: [StandingQuestion] = []

  /// More malformed messages than this, and the connection is closed.
  static let maximumFaults = 64
  /// lws may hand over what it had already read after it was told to pause.
  private static let maximumHeld = 1024

  init(_ hub: SocketHub, key: DeviceKey, link: UInt64) {
    self.hub = hub
    self.key = key
    self.link = link
  }

  var opening: PhoneLinkOpen {
    guard let placement else { preconditionFailure("a link is opened after its device was found") }
    return PhoneLinkOpen(
      key: key, transport: .websocket, metadata: placement.metadata, mode: placement.session.mode,
      anchor: placement.session.anchor)
  }

  // MARK: Getting in

  func opened(_ socket: WebSocketConnection) {
    self.socket = socket
    // Nothing is read from a phone before it is known whose it is.
    socket.setReading(false)
    hub.recognize(socket.request, key) { [weak self] result in
      guard let self, self.socket != nil else { return }
      switch result {
      case .success: enter()
      case .failure(let error): end(error)
      }
    }
  }

  private func enter() {
    isKnown = true
    hub.locate(key) { [weak self] result in
      guard let self, socket != nil else { return }
      switch result {
      case .success(let (placement, channel)): begin(placement, channel)
      case .failure(let error): end(error)
      }
    }
  }

  private func begin(_ placement: DevicePlacement, _ channel: PhoneLinkChannel) {
    self.placement = placement
    self.channel = channel
    hub.admit(self)
    channel.add(self, link: link)
    if let request = socket?.request {
      questions = hub.standingQuestions(
        request, key,
        placed: { [weak self] located in
          if let self, socket != nil, !isEnding { move(located.placement, located.channel) }
        },
        refused: { [weak self] error in
          if let self, socket != nil { end(error) }
        })
    }
    hub.log.info("phone_connected", (.session, key.session.text), (.device, key.device.text), (.link, link))
    socket?.setReading(true)
  }

  /// Says why, then closes.
  func end(_ error: ServiceError) {
    guard !isEnding else { return }
    isEnding = true
    noteRefusal(error)
    queue(.text(ServerMessage.error(code: error.code, message: error.message).encoded()))
    socket?.close(CloseCode.forError(error), error.code)
  }

  /// Strangers would otherwise fill the log, with words of their own.
  private func noteRefusal(_ error: ServiceError) {
    if isKnown {
      hub.log.info(
        "phone_refused", (.session, key.session.text), (.device, key.device.text), (.code, error.code), (.link, link))
    } else {
      hub.strangersRefused.increment()
      hub.log.debug(
        "stranger_refused", (.session, key.session.text), (.device, key.device.text), (.code, error.code))
    }
  }

  /// Asks again whether this phone is still welcome: its token may be revoked, it may be removed, its session over.
  func recheck() {
    guard socket != nil, channel != nil, !isEnding else { return }
    for question in questions { question.put() }
  }

  /// Where another instance records this phone from now on, that one greets it, and the phone sends what is missing.
  private func move(_ placement: DevicePlacement, _ channel: PhoneLinkChannel) {
    guard let old = self.channel, old !== channel else { return }
    old.remove(link: link)
    self.placement = placement
    self.channel = channel
    channel.add(self, link: link)
    channelIsReady()
  }

  func closed() {
    socket = nil
    questions = []
    held = []
    channel?.remove(link: link)
    if channel != nil {
      hub.log.info("phone_disconnected", (.session, key.session.text), (.device, key.device.text), (.link, link))
    }
    hub.dismiss(self)
  }

  // MARK: From the phone

  func received(_ part: WebSocketPart) {
    guard !isEnding else { return }
    if part.isFirst { arrivedAt = hub.time.now() }
    switch assembly.add(part) {
    case .incomplete: return
    case .binary(let frame): forward(.frame, frame)
    case .text(let text): interpret(text)
    case .empty: refuse(code: "malformed_message", "An empty message says nothing.")
    case .tooLong:
      refuse(
        code: "frame_too_large",
        "A frame may have at most \(FrameHeader.maximumPayload) bytes. Lower the size or the quality.")
    }
  }

  private func interpret(_ text: BusMessage) {
    do throws(DecodingFailure) {
      let message = try text.withUnsafeBytes { bytes throws(DecodingFailure) in try PhoneMessage(decoding: bytes) }
      switch message {
      case .hello, .dropped, .condition, .candidate: forward(.text, text)
      case .clock(let request):
        queue(.clock(id: request.id, t0: request.t0, t1: arrivedAt.microseconds))
        if let previous = request.prev { forward(.clockSample, BusMessage(previous.sample.encoded())) }
      case .frame(let frame):
        guard frame.data.count <= FrameHeader.maximumPayload else {
          throw .tooLarge(field: "data", limit: FrameHeader.maximumPayload)
        }
        forward(.frame, BusMessage(frame.encodedFrame()))
      }
    } catch {
      let (code, message) = error.explained
      refuse(code: code, message)
    }
  }

  private func refuse(code: String, _ message: String) {
    faults += 1
    hub.refusedMessages.increment()
    queue(.text(ServerMessage.error(code: code, message: message).encoded()))
    if faults > Self.maximumFaults {
      isEnding = true
      socket?.close(.policyViolation, "too_many_malformed_messages")
    }
  }

  private func forward(_ kind: PhoneLinkKind, _ payload: BusMessage) {
    guard let channel else { return }
    if held.isEmpty, channel.send(kind, link: link, payload, at: arrivedAt) { return }
    if held.isEmpty { socket?.setReading(false) }
    guard held.count < Self.maximumHeld else {
      isEnding = true
      socket?.close(.tryAgainLater, "overloaded")
      return
    }
    held.append(Held(kind: kind, payload: payload, at: arrivedAt))
  }

  func channelIsReady() {
    guard let channel else { return }
    while let first = held.first {
      guard channel.send(first.kind, link: link, first.payload, at: first.at) else { return }
      held.removeFirst()
    }
    socket?.setReading(true)
  }

  // MARK: To the phone

  func receivedText(_ text: [UInt8]) { queue(.text(text)) }
  func closedByStream(_ error: ServiceError) { end(error) }

  private func queue(_ item: OutboundQueue.Item) {
    guard let socket else { return }
    guard outbound.add(item) else {
      isEnding = true
      hub.log.warning("phone_does_not_read", (.session, key.session.text), (.device, key.device.text))
      outbound = OutboundQueue()
      return socket.close(.policyViolation, "slow_reader")
    }
    socket.requestWrite()
  }

  var isDrained: Bool { outbound.isEmpty }

  func writable() {
    guard let socket, let item = outbound.next() else { return }
    switch item {
    case .text(let bytes): socket.send(bytes, as: .text)
    case .clock(let id, let t0, let t1):
      // The last thing before the bytes go: what follows counts as the way back.
      let t2 = hub.time.now().microseconds
      socket.send(ServerMessage.clock(id: id, t0: t0, t1: t1, t2: t2).encoded(), as: .text)
    }
    if !outbound.isEmpty { socket.requestWrite() }
  }
}

extension DecodingFailure {
  /// For the phone's developer: what is wrong with the message.
  var explained: (code: String, message: String) {
    switch self {
    case .tooLarge(let field, let limit): ("frame_too_large", "\(field) may have at most \(limit) bytes.")
    case .unknownValue(let field): ("malformed_message", "\(field) has a value that is not known here.")
    case .invalid(let field): ("malformed_message", "\(field) is missing or not valid.")
    case .truncated, .trailingBytes, .wrongMagic: ("malformed_message", "The message could not be read.")
    }
  }
}

extension CloseCode {
  static func forError(_ error: ServiceError) -> CloseCode {
    switch error.status {
    case 401, 403: .notAuthorized
    case 404, 410: .notFound
    case 409: .conflict
    case 429, 503: .tryAgainLater
    case 500: .internalError
    default: .policyViolation
    }
  }
}
