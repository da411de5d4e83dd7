import Bus
import Messages
import Runtime
import Timing

/// Phone links of devices that upload frames over HTTP. Each lives from its first upload until a while after its last.
final class UploadLinks {
  typealias Located = (placement: DevicePlacement, channel: any PhoneLinkCarrier)

  /// Finds a device's place; set by whoever knows the sessions.
  var locate: (DeviceKey, @escaping (Result<Located, ServiceError>) -> Void) -> Void = { _, completion in
    completion(.failure(.internalFault))
  }

  private let numbers: LinkNumbers
  private let loop: EventLoop
  private var links: [DeviceKey: UploadLink] = [:]
  /// The process stops: nobody would close a link that is opened now.
  private var isOver = false
  private static let idle = Duration.seconds(10)

  init(loop: EventLoop, links: LinkNumbers) {
    self.loop = loop
    numbers = links
    loop.every(.seconds(1)) { [weak self] in self?.closeIdle() }
  }

  /// Sends a frame and waits until it is on disk.
  func upload(_ upload: Upload, of key: DeviceKey) {
    withLink(of: key) { [loop] result in
      switch result {
      case .failure(let error): upload.completion(.failure(error))
      case .success(let link): link.add(upload, at: loop.time.now())
      }
    }
  }

  /// Asks again whether those that upload are still welcome and where, all or those of one session: their sessions may
  /// be over, they may be removed, their instance may be gone for good. Their tokens are verified with each upload.
  func recheck(_ session: SessionID? = nil) {
    for (key, link) in links where session == nil || key.session == session { link.question?.put() }
  }

  /// This device was removed: what waits is refused, and the way to the disk is closed.
  func shutOut(_ key: DeviceKey) { links[key]?.closedByStream(.deviceRemoved) }

  /// Hands on a clock exchange. What the instance does not take at that moment waits for it: a short recording may have no
  /// other. One without a place is followed by the next.
  func keep(_ sample: ClockSample, of key: DeviceKey) {
    withLink(of: key) { [loop] result in
      if case .success(let link) = result { link.add(sample, at: loop.time.now()) }
    }
  }

  /// The process stops: uploads are to come again, and stream-svc finishes the recordings of those that do not.
  func closeAll() {
    isOver = true
    for link in links.values { link.closedByStream(.restarting) }
  }

  private func withLink(of key: DeviceKey, _ body: @escaping (Result<UploadLink, ServiceError>) -> Void) {
    if let link = links[key] { return body(.success(link)) }
    locate(key) { [weak self] result in
      guard let self, !isOver else { return body(.failure(.restarting)) }
      body(result.map { self.links[key] ?? self.open(key, $0) })
    }
  }

  private func open(_ key: DeviceKey, _ located: Located) -> UploadLink {
    let link = UploadLink(key: key, located, number: numbers.next(), time: loop.time)
    link.onClosed = { [weak self] in self?.links[key] = nil }
    link.question = StandingQuestion(
      { [weak self, weak link] completion in
        guard let self else { return completion(.failure(.restarting)) }
        locate(key) { result in
          if case .success(let located) = result { link?.move(to: located) }
          completion(result.map { _ in })
        }
      }, refused: { [weak link] in link?.closedByStream($0) })
    links[key] = link
    located.channel.add(link, link: link.number)
    return link
  }

  private func closeIdle() {
    let now = loop.time.now()
    for link in links.values {
      // An instance that leaves a frame unanswered may be gone for good: the next upload asks for the place anew.
      let isUnanswered = link.giveUpOverdue(now)
      if link.isIdle, isUnanswered || now - link.lastUse > Self.idle.wholeMicroseconds { link.close() }
    }
  }
}

/// One frame on its way up, and who waits for its acknowledgement.
struct Upload {
  let sequence: UInt32
  /// The oldest frame the phone still holds; nothing older will come.
  let oldestSequence: UInt32
  /// Header and payload, as on every transport.
  let frame: BusMessage
  let deadline: SessionTime
  /// The sequence number up to which everything is on disk.
  let completion: (Result<UInt32, ServiceError>) -> Void
}

/// One device's link. Frames go one at a time, so that an error is known to belong to the one under way.
final class UploadLink: PhoneLinkOwner {
  let number: UInt64
  private let key: DeviceKey
  private var placement: DevicePlacement
  private var channel: any PhoneLinkCarrier
  private let time: any TimeSource
  private var waiting: [Upload] = []
  /// Clock exchanges that the channel has not taken yet, oldest first.
  private var samples: [(sample: ClockSample, at: SessionTime)] = []
  private var isSent = false
  private var isClosed = false
  private(set) var lastUse = SessionTime.zero
  var onClosed: () -> Void = {}
  /// Is this device still welcome?
  var question: StandingQuestion?

  static let maximumWaiting = 8
  /// Of more, the newest.
  static let maximumSamples = 16

  init(key: DeviceKey, _ located: UploadLinks.Located, number: UInt64, time: any TimeSource) {
    self.key = key
    placement = located.placement
    channel = located.channel
    self.number = number
    self.time = time
  }

  var isIdle: Bool { waiting.isEmpty }

  var opening: PhoneLinkOpen {
    // Whoever opens the link anew has forgotten what was sent on it.
    isSent = false
    return PhoneLinkOpen(
      key: key, transport: .http, metadata: placement.metadata, mode: placement.session.mode,
      anchor: placement.session.anchor)
  }

  func add(_ upload: Upload, at now: SessionTime) {
    lastUse = now
    guard waiting.count < Self.maximumWaiting else { return upload.completion(.failure(.tooManyUploads)) }
    waiting.append(upload)
    sendNext()
  }

  func add(_ sample: ClockSample, at now: SessionTime) {
    lastUse = now
    samples = samples.suffix(Self.maximumSamples - 1) + [(sample, now)]
    sendNext()
  }

  /// Nobody waits for these any more, and the next may go. Whether there were any.
  func giveUpOverdue(_ now: SessionTime) -> Bool {
    let overdue = waiting.filter { $0.deadline <= now }
    guard !overdue.isEmpty else { return false }
    if let first = waiting.first, first.deadline <= now { isSent = false }
    waiting.removeAll { $0.deadline <= now }
    for upload in overdue { upload.completion(.failure(.notAcknowledged)) }
    sendNext()
    return true
  }

  /// The exchanges first: a frame's time is the better for them.
  private func sendNext() {
    while let next = samples.first {
      guard channel.send(.clockSample, link: number, BusMessage(next.sample.encoded()), at: next.at) else { return }
      samples.removeFirst()
    }
    guard !isSent, let first = waiting.first else { return }
    let now = time.now()
    let hello = Array(#"{"type":"hello","oldest_seq":\#(first.oldestSequence)}"#.utf8)
    guard channel.send(.text, link: number, BusMessage(hello), at: now),
      channel.send(.frame, link: number, first.frame, at: now)
    else { return }
    isSent = true
  }

  func channelIsReady() { sendNext() }

  /// Where another instance records this device from now on, that one gets what waits, the frame under way first. With
  /// uploads that overlap the link is never idle, so that it could not wait for being closed.
  func move(to located: UploadLinks.Located) {
    guard !isClosed, channel !== located.channel else { return }
    channel.remove(link: number)
    placement = located.placement
    channel = located.channel
    isSent = false
    channel.add(self, link: number)
    sendNext()
  }

  func receivedText(_ text: [UInt8]) {
    guard let first = waiting.first, let message = UploadReply(text) else { return }
    switch message {
    case .wanted(let next):
      guard next > first.sequence else { return sendNext() }
      finish(.success(next - 1))
    // The frame under way is on disk. What is missing before it may well be waiting behind it.
    case .recorded(let through): finish(.success(through))
    case .refused(let error): finish(.failure(error))
    }
  }

  private func finish(_ result: Result<UInt32, ServiceError>) {
    guard !waiting.isEmpty else { return }
    let upload = waiting.removeFirst()
    isSent = false
    upload.completion(result)
    sendNext()
  }

  func closedByStream(_ error: ServiceError) {
    let all = waiting
    waiting = []
    for upload in all { upload.completion(.failure(error)) }
    close()
  }

  func close() {
    isClosed = true
    channel.remove(link: number)
    onClosed()
  }
}

extension ServiceError {
  static let tooManyUploads = ServiceError(
    code: "too_many_uploads", message: "Wait for the answers of earlier uploads before sending more.", status: 429)
  static let notAcknowledged = ServiceError(
    code: "not_acknowledged",
    message: "The frame was not written in time. Send it again; with missing earlier frames, say oldest_seq=….",
    status: 503)
}
