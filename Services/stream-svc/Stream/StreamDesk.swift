import Bus
import Messages
import Runtime
import Timing

/// Knows every camera of this instance, and does what the cameras decide: record, answer, estimate, report.
///
/// Belongs to the loop's thread.
final class StreamDesk {
  private let loop: EventLoop
  private let log: Log
  private let instance: Int
  private let links: PhoneConnections
  private let recorder: Recorder
  private let poses: PoseDesk
  private let metrics: StreamMetrics
  private let latencies: CameraLatencies
  private var cameras: [CameraNumber: Camera] = [:]
  private var numbers: [DeviceKey: CameraNumber] = [:]
  private var cameraOfLink: [LinkAddress: CameraNumber] = [:]
  private var nextNumber = 0
  private var acknowledgementTimerIsSet = false
  private var withDueAcknowledgement: [CameraNumber] = []
  private var deletedSessions: [SessionID: SessionTime] = [:]

  private static let acknowledgementPeriod = Duration.milliseconds(10)
  private static let complaintPeriod = Duration.seconds(1)
  /// After a connection ended, its statistics stay this long.
  private static let memory = Duration.seconds(600)
  private static let helloPatience = Duration.milliseconds(250)
  private static let maximumCameras = 4096
  /// Of all cameras together.
  private static let maximumHeldBytes = 128 << 20
  private static let maximumDeletedSessions = 10_000
  /// A phone says with its next exchange what its last one brought, µs.
  private static let oldestSample: Int64 = 600_000_000

  init(
    loop: EventLoop, log: Log, instance: Int, links: PhoneConnections, recorder: Recorder, poses: PoseDesk,
    metrics: StreamMetrics, latencies: CameraLatencies
  ) {
    self.latencies = latencies
    self.loop = loop
    self.log = log
    self.instance = instance
    self.links = links
    self.recorder = recorder
    self.poses = poses
    self.metrics = metrics
    links.onEvent = { [unowned self] in receive($0, $1, at: $2) }
    links.onLateCandidate = { [unowned self] key, candidate in
      if let number = numbers[key] { send(.candidate(candidate), to: number) }
    }
    recorder.onEvent = { [unowned self] in receive($0) }
    poses.onResult = { [unowned self] in cameras[$0]?.count($1) }
  }

  var connectedCameras: Int { cameraOfLink.count }
  var all: [Camera] { Array(cameras.values) }

  private var now: SessionTime { loop.time.now() }

  // MARK: - From the phones

  private func receive(_ address: LinkAddress, _ event: PhoneLinkEvent, at arrived: SessionTime) {
    if case .open(let opening) = event { return open(opening, address) }
    guard let number = cameraOfLink[address] else {
      if case .close = event { return }
      return links.askToReopen(address)
    }
    switch event {
    case .open: return
    case .frame(let message): take(message, number, arrived: arrived)
    case .text(let message): take(message, number, arrived: arrived)
    case .unreadable(let complaint): links.send(complaint, to: address)
    case .clockSample(let sample): take(sample, number)
    case .close: disconnect(number)
    }
  }

  private func open(_ opening: PhoneLinkOpen, _ address: LinkAddress) {
    // A name may be given again: a session that was made after the deletion is another one.
    if let deleted = deletedSessions[opening.key.session], opening.anchor.sessionTime <= deleted {
      return links.close(address, because: .notFound("session_deleted", "This session was deleted. Scan a new code."))
    }
    if let number = cameraOfLink[address], cameras[number]?.key == opening.key { return greet(number) }
    if let number = numbers[opening.key] {
      if let old = cameras[number]?.link {
        cameraOfLink[old] = nil
        links.close(
          old, because: .conflict("replaced_by_new_connection", "This phone connected again; this connection ends."))
      }
      // Ends the old connection period; the recorder does both in order.
      recorder.close(number)
      cameras[number]?.connect(opening, link: address, at: now)
      begin(number, address)
    } else {
      guard cameras.count < Self.maximumCameras else {
        return links.close(
          address,
          because: ServiceError(code: "overloaded", message: "This server has no room for another camera.", status: 503)
        )
      }
      nextNumber += 1
      cameras[nextNumber] = Camera(opening, number: nextNumber, link: address, latencies: latencies, at: now)
      numbers[opening.key] = nextNumber
      begin(nextNumber, address)
    }
  }

  private func begin(_ number: CameraNumber, _ address: LinkAddress) {
    guard let camera = cameras[number] else { return }
    cameraOfLink[address] = number
    log.info(
      "camera_connected", (.session, camera.key.session.text), (.device, camera.key.device.text),
      (.transport, camera.opening.transport.rawValue))
    recorder.open(number, camera.key, anchor: camera.opening.anchor)
    poses.prepare()
  }

  private func disconnect(_ number: CameraNumber) {
    guard let camera = cameras[number], let address = camera.link else { return }
    cameraOfLink[address] = nil
    cameras[number]?.disconnect(at: now)
    recorder.close(number)
    cameras[number]?.counts.posesShed += poses.forget(number)
    log.info(
      "camera_disconnected", (.session, camera.key.session.text), (.device, camera.key.device.text),
      (.frames, camera.counts.recorded))
  }

  private func take(_ message: BusMessage, _ number: CameraNumber, arrived: SessionTime) {
    guard let phase = cameras[number]?.phase else { return }
    let room = phase == .recording ? .max : Self.maximumHeldBytes - heldBytes
    guard let decision = cameras[number]?.decide(message, arrived: arrived, room: room) else { return }
    switch decision {
    case .hold: return
    case .acknowledgeAgain:
      metrics.framesReceived.increment()
      metrics.framesDuplicate.increment()
      acknowledgeSoon(number)
    case .refuse(let refusal): complain(refusal, number)
    case .record(let frame):
      metrics.framesReceived.increment()
      guard recorder.record(frame, of: number) else {
        cameras[number]?.couldNotRecord(frame.sequence)
        return complain(.recorderBehind, number)
      }
    }
  }

  private func take(_ message: PhoneMessage, _ number: CameraNumber, arrived: SessionTime) {
    switch message {
    case .hello(let oldest):
      cameras[number]?.said(hello: oldest)
      greet(number)
    case .dropped(let from, let through):
      cameras[number]?.gaveUp(from...through)
      acknowledgeSoon(number)
    case .condition(let condition): cameras[number]?.said(condition)
    case .frame(let frame):
      let bytes = frame.encodedFrame()
      take(bytes.withUnsafeBytes { BusMessage(copying: $0) }, number, arrived: arrived)
    case .candidate(let candidate):
      if let key = cameras[number]?.key { links.add(candidate: candidate, of: key) }
    case .clock:
      // Answered where the bytes arrive.
      send(.error(code: "message_unexpected", message: "Clock messages are answered by the front."), to: number)
    }
  }

  private func take(_ sample: ClockSample, _ number: CameraNumber) {
    // The phone only repeats what it was told; what it cannot have been told is no measurement.
    guard sample.serverReceived <= sample.serverSent, sample.serverSent <= now,
      now - sample.serverReceived <= Self.oldestSample
    else { return metrics.clockSamplesUnbelieved.increment() }
    guard let verdict = cameras[number]?.exchanged(sample) else { return }
    metrics.clockSamples.increment()
    if verdict == .restarted, let camera = cameras[number] {
      metrics.clockJumps.increment()
      log.warning("clock_jumped", (.session, camera.key.session.text), (.device, camera.key.device.text))
    }
    if verdict != .refused { recorder.keep(sample, of: number) }
    release(number)
  }

  /// Says from where the phone should send, once the folder is open and the phone has said hello.
  private func greet(_ number: CameraNumber) {
    guard let camera = cameras[number], camera.isConnected else { return }
    if case .opening = camera.phase { return }
    cameras[number]?.greeted()
    send(.welcome(nextSequence: camera.ledger.nextWanted), to: number)
  }

  /// Takes the frames that waited for the folder and the clock.
  private func release(_ number: CameraNumber) {
    guard let held = cameras[number]?.takeHeld() else { return }
    for frame in held { take(frame.message, number, arrived: frame.arrived) }
    guard cameras[number]?.takeShedHeld() == true else { return }
    // An upload waits for the answer to its frame; a welcome would look like that to its hello.
    if cameras[number]?.opening.transport == .http {
      let refusal = FrameRefusal.recorderBehind
      send(.error(code: refusal.code, message: refusal.message), to: number)
    } else {
      greet(number)
    }
  }

  /// Bytes of frames that wait for their folders and clocks.
  private var heldBytes: Int { cameras.values.reduce(0) { $0 + $1.heldBytes } }

  // MARK: - From the recorder

  private func receive(_ event: RecorderEvent) {
    switch event {
    case .opened(let number, let contents): opened(number, contents)
    case .openFailed(let number, let failure): openFailed(number, failure)
    case .wrote(let number, let outcome): wrote(number, outcome)
    case .sync(let report): heard(report)
    case .closed, .sessionClosed, .listed, .read, .finalTimes, .deleted, .measured: return
    }
  }

  private func opened(_ number: CameraNumber, _ contents: DeviceFolder.Contents) {
    // Also when the phone has left meanwhile: they are not found again.
    for note in contents.notes { tell(note) }
    guard let camera = cameras[number], case .opening = camera.phase else { return }
    cameras[number]?.opened(contents, at: now)
    if camera.hasGreeted { greet(number) }
    release(number)
    // A phone whose link was opened anew after a restart says no hello.
    loop.after(Self.helloPatience) { [weak self] in
      guard let self, cameras[number]?.hasGreeted == false else { return }
      greet(number)
    }
    loop.after(Camera.clockPatience) { [weak self] in
      guard let self else { return }
      cameras[number]?.settle(at: now)
      release(number)
    }
  }

  /// The path names session and device.
  private func tell(_ note: SegmentRecovery.Note) {
    switch note {
    case .repaired(let path, let records, let unknown):
      log.warning("recording_index_repaired", (.path, path), (.count, records), (.frames, unknown))
    case .setAside(let path, let bytes): log.error("recording_set_aside", (.path, path), (.bytes, bytes))
    case .leftInPlace(let path, let bytes): log.error("recording_left_in_place", (.path, path), (.bytes, bytes))
    case .leftAlone(let path, let failure, let frames):
      log.error("recording_left_alone", (.path, path), (.error, failure.description), (.frames, frames))
    }
  }

  private func openFailed(_ number: CameraNumber, _ failure: DeviceFolder.OpenFailure) {
    guard let camera = cameras[number], case .opening(let since) = camera.phase, let address = camera.link else {
      return
    }
    let complaint: ServerMessage
    switch failure {
    case .lockedByOther:
      // The other instance lets go as soon as it notices that the phone left.
      complaint = .error(
        code: "device_busy_elsewhere", message: "Another instance still records this phone. It is tried again.")
    case .disk(let failure):
      cameras[number]?.couldNotOpen(failure)
      log.error("recording_not_opened", (.device, camera.key.device.text), (.error, failure.description))
      complaint = .error(code: failure.code, message: failure.advice)
    }
    if now - since > 5_000_000 { complainSometimes(complaint, number) }
    loop.after(.milliseconds(200)) { [weak self] in
      guard let self, let camera = cameras[number], camera.link == address, case .opening = camera.phase else { return }
      recorder.open(number, camera.key, anchor: camera.opening.anchor)
    }
  }

  private func wrote(_ number: CameraNumber, _ outcome: WriteOutcome) {
    guard let change = cameras[number]?.wrote(outcome) else { return }
    metrics.framesRecorded.increment(by: outcome.recorded.count)
    metrics.flushSeconds.observe(Double(outcome.flushMicroseconds) / 1e6)
    for frame in outcome.recorded {
      metrics.bytesRecorded.increment(by: Int(frame.frame.header.payloadLength))
      let shed = poses.submit(frame, of: number, key: cameras[number]!.key, recorded: outcome.at)
      cameras[number]!.counts.posesSubmitted += 1
      cameras[number]!.counts.posesShed += shed
    }
    switch change {
    case .none:
      // Said again and again: an upload has no other way to hear of it than the answer to its own frame.
      if let failure = outcome.failure {
        complainSometimes(.error(code: failure.code, message: failure.advice), number)
      }
    case .failed(let failure):
      metrics.writeFailures.increment()
      log.error(
        "recording_failed", (.device, cameras[number]!.key.device.text), (.code, failure.code),
        (.error, failure.description))
      cameras[number]?.nextComplaintAt = .zero
      complainSometimes(.error(code: failure.code, message: failure.advice), number)
    case .resumed:
      log.info("recording_resumed", (.device, cameras[number]!.key.device.text))
      greet(number)
    }
    if !outcome.recorded.isEmpty { acknowledgeSoon(number) }
  }

  /// What was acknowledged is in the kernel's hands, and may not be on the medium: nobody can send it again.
  private func heard(_ report: RecordingSyncer.Report) {
    switch report {
    case .failed(let path, let failure, let isNews):
      metrics.syncFailures.increment()
      if isNews { log.error("recording_sync_failed", (.path, path), (.error, failure.description)) }
    case .recovered(let path): log.info("recording_sync_recovered", (.path, path))
    case .givenUp(let path): log.error("recording_sync_given_up", (.path, path))
    }
  }

  // MARK: - To the phones

  private func send(_ message: ServerMessage, to number: CameraNumber) {
    guard let address = cameras[number]?.link else { return }
    links.send(message, to: address)
  }

  private func complain(_ refusal: FrameRefusal, _ number: CameraNumber) {
    metrics.countRefused(refusal.code)
    let message = ServerMessage.error(code: refusal.code, message: refusal.message)
    // A disk that is behind is not the frame's fault; one word a second will do.
    refusal == .recorderBehind ? complainSometimes(message, number) : send(message, to: number)
  }

  private func complainSometimes(_ message: ServerMessage, _ number: CameraNumber) {
    guard let next = cameras[number]?.nextComplaintAt, now >= next else { return }
    cameras[number]?.nextComplaintAt = now.advanced(by: Self.complaintPeriod)
    send(message, to: number)
  }

  /// At once when the last acknowledgement is long enough ago, else together with what comes until then.
  private func acknowledgeSoon(_ number: CameraNumber) {
    guard let camera = cameras[number], camera.isConnected, !camera.acknowledgementIsDue else { return }
    if now >= camera.nextAcknowledgementAt { return acknowledge(number) }
    cameras[number]!.acknowledgementIsDue = true
    withDueAcknowledgement.append(number)
    guard !acknowledgementTimerIsSet else { return }
    acknowledgementTimerIsSet = true
    loop.after(Self.acknowledgementPeriod) { [weak self] in
      guard let self else { return }
      acknowledgementTimerIsSet = false
      let due = withDueAcknowledgement
      withDueAcknowledgement = []
      for number in due { acknowledge(number) }
    }
  }

  private func acknowledge(_ number: CameraNumber) {
    guard let camera = cameras[number] else { return }
    cameras[number]!.acknowledgementIsDue = false
    cameras[number]!.nextAcknowledgementAt = now.advanced(by: Self.acknowledgementPeriod)
    send(.ack(sequence: camera.ledger.acknowledged), to: number)
  }

  // MARK: - Housekeeping

  /// Called every half second.
  func tick() {
    for peer in links.takeSilentPeers() {
      for (address, number) in cameraOfLink where address.peer == peer { disconnect(number) }
    }
    for number in cameras.keys {
      cameras[number]!.rate.tick()
      guard case .closed(let since) = cameras[number]!.phase,
        now - since > Self.memory.wholeMicroseconds
      else { continue }
      numbers[cameras[number]!.key] = nil
      cameras[number] = nil
    }
  }

  /// Ends the session's connections and removes its recordings.
  func delete(
    _ request: DeleteRecordings, then body: @escaping (Result<DeleteRecordings.Reply, ServiceError>) -> Void
  ) {
    let session = request.session
    if deletedSessions.count >= Self.maximumDeletedSessions,
      let oldest = deletedSessions.min(by: { $0.value < $1.value })
    {
      deletedSessions[oldest.key] = nil
    }
    deletedSessions[session] = now
    for (number, camera) in cameras where camera.key.session == session {
      if let address = camera.link {
        links.close(address, because: .notFound("session_deleted", "This session was deleted. Scan a new code."))
        disconnect(number)
      }
      numbers[camera.key] = nil
      cameras[number] = nil
    }
    recorder.delete(request, then: body)
  }
}
