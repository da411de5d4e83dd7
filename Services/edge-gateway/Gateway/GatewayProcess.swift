import Bus
import Messages
import Runtime
import Timing

/// edge-gateway: observations in, live poses out, and requests about both. See the README for what it owns.
public final class GatewayProcess: ServiceProcess {
  /// Observations that may wait to be taken: half a second of a hundred sessions.
  private static let observationQueue = 8192
  private static let livePoseQueue = 1024

  private let context: ServiceContext
  private let sessions: Reconstructions
  private let metrics: GatewayMetrics
  private let server: RequestServer
  private let requests: GatewayRequestHandlers
  private let livePoses: PublishSocket
  private let finalPoses: FinalPosesWorker
  private var observations: PullSocket?
  private var lastReport = SessionTime(microseconds: -60_000_001)
  private var alarm: (timer: TimerID, at: SessionTime)?

  public init(_ context: ServiceContext) throws {
    self.context = context
    sessions = try Reconstructions(
      stateDirectory: context.settings[AppSettings.stateDirectory], log: context.log, loop: context.loop)
    metrics = GatewayMetrics(context.metrics)
    let bus = try BusContext(context)
    server = try RequestServer(bus, .gateway, context: context)
    let registry = try RequestClient(bus, .sessions, of: .sessionService)
    requests = GatewayRequestHandlers(sessions: sessions, loop: context.loop, log: context.log) { session, completion in
      registry.send(GetSessionStatus(session: session), retries: 1) { completion($0.map(\.summary.anchor)) }
    }
    finalPoses = try Self.finalPoses(context, bus, registry, sessions)
    requests.onDeleted = { [finalPoses] in finalPoses.forget($0) }
    livePoses = try PublishSocket(bus, at: .livePoses, highWaterMark: Self.livePoseQueue)
    requests.register(with: server)
    observations = try PullSocket(bus, at: .observations, highWaterMark: Self.observationQueue) {
      [unowned self] parts in receive(parts)
    }
    context.loop.every(.seconds(1)) { [finalPoses] in finalPoses.advance() }
    context.loop.every(FolderRemoval.tidyPeriod) { [sessions] in sessions.tidyRemovals() }
  }

  /// Recordings are where every stream-svc instance finds them, so any that answers will do.
  private static func finalPoses(
    _ context: ServiceContext, _ bus: BusContext, _ registry: RequestClient, _ sessions: Reconstructions
  ) throws -> FinalPosesWorker {
    let streams = try (1...context.settings[AppSettings.streamInstances]).map {
      try RequestClient(bus, .stream(instance: $0), of: .streamService)
    }
    return FinalPosesWorker(
      sessions: sessions, loop: context.loop, log: context.log,
      askState: { session, completion in
        registry.send(GetSessionStatus(session: session), retries: 0) { completion($0.map(\.summary.state)) }
      },
      askTimes: { request, attempt, completion in
        streams[attempt % streams.count].send(request, retries: 0, completion)
      })
  }

  private func receive(_ parts: [BusMessage]) {
    metrics.observations.increment()
    guard parts.count == 1,
      let observation = try? parts[0].withUnsafeBytes({ bytes throws(DecodingFailure) in
        try Observation2D(decoding: bytes)
      })
    else { return metrics.unreadable.increment() }
    let now = context.time.now()
    let id = observation.key.session
    guard !sessions.isDeleted(id, now: now) else { return metrics.ofDeletedSessions.increment() }
    do {
      let session = try sessions.session(id, now: now)
      session.take(observation, now: now)
      if session.isCalibrated { finalPoses.heard(of: id) }
      publish(session, now: now)
      setAlarm(session.nextDeadline(now: now))
    } catch {
      metrics.refused.increment()
      report(error, id, now: now)
    }
  }

  /// A session that cannot be used fails with every frame: one line a minute is enough.
  private func report(_ error: any Error, _ session: SessionID, now: SessionTime) {
    guard now - lastReport > 60_000_000 else { return }
    lastReport = now
    context.log.error("session_unusable", (.session, session.text), (.error, String(describing: error)))
  }

  private func publish(_ session: SessionReconstruction, now: SessionTime) {
    for pose in session.poses(now: now) {
      livePoses.publish(BusMessage(pose.encoded()), of: session.session)
      metrics.poses.increment()
      metrics.captureToPose.observe(Double(now - pose.time) / 1_000_000)
    }
  }

  /// Wakes up when a set is overdue: a stalled phone sends nothing that would.
  private func setAlarm(_ deadline: SessionTime?) {
    guard let deadline, deadline < alarm?.at ?? .distantFuture else { return }
    if let alarm { context.loop.cancel(alarm.timer) }
    let wait = Duration.microseconds(max(1000, deadline - context.time.now()))
    alarm = (context.loop.after(wait) { [weak self] in self?.ring() }, deadline)
  }

  private func ring() {
    alarm = nil
    let now = context.time.now()
    for session in sessions.all { publish(session, now: now) }
    setAlarm(sessions.all.compactMap { $0.nextDeadline(now: now) }.min())
  }
}
