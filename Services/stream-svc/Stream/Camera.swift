import Bus
import Messages
import Timing

/// One phone as this instance knows it: a pure value that decides; `StreamDesk` does what it decides.
struct Camera {
  enum Phase: Equatable {
    /// The folder is being opened; frames are held.
    case opening(since: SessionTime)
    /// The folder is open, and the clock is awaited until then; frames are held.
    case settling(until: SessionTime)
    case recording
    /// No connection; the files are finished.
    case closed(since: SessionTime)
  }

  /// What to do with a frame.
  enum Decision {
    case hold
    case record(TimedFrame)
    case acknowledgeAgain
    case refuse(FrameRefusal)
  }

  /// After a connection, frames wait this long for its first clock exchange, so that none gets a time of the clock
  /// before a reload, or no time at all.
  static let clockPatience = Duration.milliseconds(1500)
  static let maximumHeld = 128
  /// Two seconds of 60 pictures of 250 kB.
  static let maximumHeldBytes = 32 << 20
  /// Frames with the recorder: beyond, the phone has to keep them.
  static let maximumInFlight = 512
  /// How far a damaged frame's number is believed.
  private static let plausibleStep: UInt32 = 1000
  /// How far beyond its bound a capture time may lie in the future; browsers predict capture times.
  static let futureTolerance: Int64 = 100_000

  let key: DeviceKey
  let number: CameraNumber
  private(set) var phase: Phase
  private(set) var link: LinkAddress?
  private(set) var opening: PhoneLinkOpen
  private let latencies: CameraLatencies
  private(set) var ledger = SequenceLedger()
  private(set) var clock = ClockModel()
  private(set) var held: [(message: BusMessage, arrived: SessionTime)] = []
  private(set) var heldBytes = 0
  /// A frame came for which there was no room: the phone has to be asked for it.
  private var hasShedHeld = false
  private(set) var lastFrameAt: SessionTime?
  private var newest: (sequence: UInt32, captured: DeviceTime)?
  private(set) var hasGreeted = false
  /// Whether this connection's clock was heard of, be it before the folder was open.
  private var hasExchanged = false
  /// What the phone said last of itself, on this connection.
  private var condition: PhoneCondition?
  /// Why recording stands still, if it does.
  private(set) var failure: DiskFailure?
  var counts = FrameCounts()
  var rate = RateMeter()
  var nextAcknowledgementAt = SessionTime.zero
  var acknowledgementIsDue = false
  var nextComplaintAt = SessionTime.zero

  init(
    _ opening: PhoneLinkOpen, number: CameraNumber, link: LinkAddress, latencies: CameraLatencies = .none,
    at now: SessionTime
  ) {
    self.latencies = latencies
    key = opening.key
    self.number = number
    self.opening = opening
    self.link = link
    phase = .opening(since: now)
  }

  var isConnected: Bool { link != nil }

  /// How late this model's camera is, µs.
  var latencyMicroseconds: UInt32 { latencies.microseconds(of: opening.metadata.model) }

  // MARK: The connection

  /// A new connection of the same phone.
  mutating func connect(_ opening: PhoneLinkOpen, link: LinkAddress, at now: SessionTime) {
    self.opening = opening
    self.link = link
    phase = .opening(since: now)
    hasGreeted = false
    hasExchanged = false
    condition = nil
    newest = nil
    forgetHeld()
  }

  /// The folder is open; `contents` is what the disk holds.
  mutating func opened(_ contents: DeviceFolder.Contents, at now: SessionTime) {
    ledger.reopen(recorded: contents.recorded)
    counts.recorded = contents.frames
    counts.bytesRecorded = contents.bytes
    counts.received = max(counts.received, contents.frames)
    // A restarted instance knows the clock from before; the first exchange will confirm it.
    if !clock.isKnown { for sample in contents.clockSamples { clock.add(sample) } }
    failure = nil
    phase = hasExchanged ? .recording : .settling(until: now.advanced(by: Self.clockPatience))
  }

  /// The folder could not be opened, and is tried again.
  mutating func couldNotOpen(_ failure: DiskFailure) { self.failure = failure }

  mutating func disconnect(at now: SessionTime) {
    link = nil
    forgetHeld()
    phase = .closed(since: now)
  }

  mutating func said(hello oldest: UInt32?) {
    hasGreeted = true
    ledger.phoneHolds(from: oldest)
  }

  mutating func said(_ condition: PhoneCondition) { self.condition = condition }

  mutating func greeted() { hasGreeted = true }

  mutating func gaveUp(_ range: ClosedRange<UInt32>) { ledger.giveUp(range) }

  // MARK: The clock

  mutating func exchanged(_ sample: ClockSample) -> ClockModel.Verdict {
    let verdict = clock.add(sample)
    if verdict == .restarted { newest = nil }
    guard verdict == .used || verdict == .restarted else { return verdict }
    hasExchanged = true
    if case .settling = phase { phase = .recording }
    return verdict
  }

  /// The clock was waited for long enough.
  mutating func settle(at now: SessionTime) {
    if case .settling(let limit) = phase, now >= limit { phase = .recording }
  }

  /// Frames that waited, oldest first, once nothing holds them any more.
  mutating func takeHeld() -> [(message: BusMessage, arrived: SessionTime)] {
    guard phase == .recording else { return [] }
    defer {
      held = []
      heldBytes = 0
    }
    return held
  }

  private mutating func forgetHeld() {
    held = []
    heldBytes = 0
    hasShedHeld = false
  }

  /// Whether frames have to be asked for again because there was no room to hold them, now that they could be recorded.
  mutating func takeShedHeld() -> Bool {
    guard phase == .recording else { return false }
    defer { hasShedHeld = false }
    return hasShedHeld
  }

  private mutating func hold(_ message: BusMessage, arrived: SessionTime, room: Int) {
    guard held.count < Self.maximumHeld, message.count <= min(room, Self.maximumHeldBytes - heldBytes) else {
      // It is not acknowledged, so the phone has it.
      hasShedHeld = true
      return
    }
    held.append((message, arrived))
    heldBytes += message.count
  }

  // MARK: Frames

  /// - Parameter room: bytes that may be held for it, whatever it may hold itself.
  mutating func decide(_ message: BusMessage, arrived: SessionTime, room: Int = .max) -> Decision {
    if phase != .recording {
      hold(message, arrived: arrived, room: room)
      return .hold
    }
    let frame: CheckedFrame
    do throws(FrameRefusal) {
      frame = try FrameCheck.check(message, arrived: arrived)
    } catch {
      counts.refused += 1
      passOver(message)
      return .refuse(error)
    }
    counts.received += 1
    let decision = admit(frame)
    switch decision {
    case .refuse: counts.refused += 1
    case .acknowledgeAgain: counts.duplicate += 1
    case .record:
      lastFrameAt = arrived
      rate.count()
    case .hold: break
    }
    return decision
  }

  /// A frame that will never be good must not hold up the acknowledgement of those after it.
  private mutating func passOver(_ message: BusMessage) {
    let header = try? message.withUnsafeBytes { bytes throws(DecodingFailure) in try FrameHeader(decoding: bytes) }
    guard let sequence = header?.sequence, sequence <= ledger.highestSeen &+ Self.plausibleStep else { return }
    ledger.giveUp(sequence...sequence)
  }

  /// How long a phone may have kept a frame, µs. Older ones come from a clock of another kind, such as one counted from 1970.
  private static let oldestCapture: Int64 = 24 * 3600 * 1_000_000

  private mutating func admit(_ frame: CheckedFrame) -> Decision {
    let header = frame.header
    // The one place where the camera's latency is taken off: what is read is when the light came.
    let latency = latencyMicroseconds
    let light = header.captured + -Int64(latency)
    if let estimate = clock.estimate(of: light) {
      let latest = frame.arrived + Int64(estimate.errorBoundMicroseconds) + Self.futureTolerance
      guard estimate.time <= latest else { return .refuse(.captureInFuture) }
      guard frame.arrived - estimate.time <= Self.oldestCapture else { return .refuse(.captureTooOld) }
    }
    if let newest, header.sequence > newest.sequence, header.captured < newest.captured {
      return .refuse(.captureGoesBack)
    }
    guard ledger.inFlight.count < Self.maximumInFlight else { return .refuse(.recorderBehind) }
    if let refusal = ledger.accept(header.sequence) {
      return refusal == .duplicate ? .acknowledgeAgain : .refuse(.sequence(refusal))
    }
    if header.sequence > newest?.sequence ?? 0 { newest = (header.sequence, header.captured) }
    let reading = clock.reading(of: light) ?? .provisional(arrival: frame.arrived)
    return .record(TimedFrame(frame: frame, reading: reading, cameraLatencyMicroseconds: latency))
  }

  /// The recorder's queue was full after all.
  mutating func couldNotRecord(_ sequence: UInt32) {
    ledger.markFailed(sequence)
    counts.refused += 1
  }

  // MARK: The recorder's answers

  enum RecordingChange: Equatable {
    case none
    /// Recording stopped: tell the phone why.
    case failed(DiskFailure)
    /// It goes on after a failure: tell the phone from where.
    case resumed
  }

  mutating func wrote(_ outcome: WriteOutcome) -> RecordingChange {
    for frame in outcome.recorded {
      ledger.markRecorded(frame.sequence)
      counts.recorded += 1
      counts.bytesRecorded += Int(frame.frame.header.payloadLength)
    }
    for sequence in outcome.failed { ledger.markFailed(sequence) }
    let before = failure
    failure = outcome.failure
    if let failure { return before?.code == failure.code ? .none : .failed(failure) }
    return before == nil ? .none : .resumed
  }

  mutating func count(_ result: PoseDesk.Result) {
    switch result {
    case .estimated: counts.posesEstimated += 1
    case .failed: counts.posesFailed += 1
    }
  }

  // MARK: For people

  /// How well the clock is known, and why not better: a hidden page exchanges nothing, which only the phone can tell.
  func sync(at now: SessionTime) -> SyncStatus? {
    clock.state(at: now).map { SyncStatus($0, isPageHidden: condition?.isHidden ?? false) }
  }

  /// Nil before the first frame.
  private var capture: CaptureStatus? {
    condition?.captureSource.map { CaptureStatus(source: $0, latencyMicroseconds: Int(latencyMicroseconds)) }
  }

  func state(at now: SessionTime) -> DeviceState {
    guard isConnected else { return .stale }
    guard let lastFrameAt, now - lastFrameAt < 3_000_000 else { return .connected }
    return .streaming
  }

  /// - Parameter roomBytes: what recordings may still take on their disk.
  func report(instance: Int, roomBytes: UInt64?, at now: SessionTime) -> DeviceReport {
    DeviceReport(
      key: key, instance: instance, transport: link == nil ? nil : opening.transport, state: state(at: now),
      fps: rate.perSecond, framesReceived: counts.received, framesRecorded: counts.recorded,
      framesLost: isConnected ? ledger.lost : ledger.missing, framesDuplicate: counts.duplicate,
      framesRefused: counts.refused,
      posesEstimated: counts.posesEstimated, posesShed: counts.posesShed, posesFailed: counts.posesFailed,
      posesWaiting: counts.posesWaiting, bytesRecorded: counts.bytesRecorded, lastSequence: ledger.highestSeen,
      sync: sync(at: now), capture: capture,
      recording: RecordingStatus(roomBytes: roomBytes, problem: isConnected ? failure?.code : nil),
      lastFrameAt: lastFrameAt, reportedAt: now)
  }
}

/// One connection of one phone: which api-front relays it, and that one's number for it.
struct LinkAddress: Hashable {
  /// nil: nobody relays it; the phone is connected to this instance itself, by WebRTC.
  let peer: PeerIdentity?
  let link: UInt64
}
