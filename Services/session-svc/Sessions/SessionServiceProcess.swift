import Bus
import FoundationEssentials
import Messages
import Runtime
import Storage

/// session-svc: the registry, the deletions and the retention behind their sockets.
public final class SessionServiceProcess: ServiceProcess {
  private let context: ServiceContext
  private let registry: SessionRegistry
  private let deletions: DeletionWorker
  private let removals: RemovalWorker
  private let retention: Retention
  private let probe: InstanceProbe
  private let server: RequestServer
  private var reports: PullSocket?
  private let reportsRefused: Counter

  /// How long the asker of a deletion is kept waiting for the full receipt.
  private let receiptPatience: Duration
  private static let maximumReportBytes = 64 * 1024

  public init(_ context: ServiceContext, receiptPatience: Duration = .seconds(6)) throws {
    let settings = context.settings
    let directory = settings[AppSettings.stateDirectory]
    try makeDirectories(directory)
    let store = try Self.open("\(directory)/sessions.db")
    let instances = settings[AppSettings.streamInstances]
    let bus = try BusContext(context)
    self.context = context
    self.receiptPatience = receiptPatience
    let tokens = try RequestClient(bus, .tokens, of: .tokenService)
    let registry = SessionRegistry(store: store, time: context.time, streamInstances: instances)
    self.registry = registry
    let streams = StreamClients(bus)
    probe = InstanceProbe(bus, streams, instances: instances)
    deletions = try DeletionWorker(
      store: store, peers: try BusDeletionPeers(bus, streams, tokens: tokens), time: context.time, log: context.log,
      streamInstances: instances)
    removals = try RemovalWorker(store: store, time: context.time, log: context.log) { request, completion in
      // The worker has its own back-off, so each question is asked once.
      tokens.send(request, retries: 0) { completion($0.map { _ in }) }
    }
    retention = Retention(
      store: store, time: context.time, uptime: Uptime.microseconds, log: context.log,
      days: settings[AppSettings.retentionDays])
    reportsRefused = context.metrics.counter(
      "axolotl_device_reports_refused_total", "Device reports that could not be read or that nobody waits for.")
    context.metrics.gauge(
      "axolotl_devices_live", "Devices that are there now.", reading: { Double(registry.liveDevices) })
    registry.onMoved = { [log = context.log] key, instance in
      log.info(
        "camera_moved", (.session, key.session.text), (.device, key.device.text), (.instance, instance))
    }
    probe.onChange = { registry.instancesAway = $0 }
    server = try RequestServer(bus, .sessions, context: context)
    answerRequests(tokens)
    reports = try PullSocket(bus, at: .deviceReports, highWaterMark: 10_000) { [unowned self] in receiveReport($0) }
    context.metrics.gauge(
      "axolotl_deletions_unfinished", "Deletions that wait for a service.",
      reading: { [unowned self] in Double(deletions.unfinished) })
    context.metrics.gauge(
      "axolotl_removals_unfinished", "Removals of phones that wait for token-svc.",
      reading: { [unowned self] in Double(removals.unfinished) })
    context.loop.every(.seconds(1)) { [unowned self] in
      deletions.advance()
      removals.advance()
    }
    context.loop.every(.seconds(10)) { [unowned self] in freeLapsedPlaces() }
    freeLapsedPlaces()
    context.loop.every(.seconds(600)) { [unowned self] in runRetention() }
    runRetention()
    deletions.advance()
  }

  private static func open(_ path: String) throws -> SQLiteSessionStore {
    do throws(StorageError) {
      return try SQLiteSessionStore(path: path)
    } catch {
      if error.code == .newerSchema { throw NewerDatabase(path: path, reason: error.description) }
      throw error
    }
  }

  private func answerRequests(_ tokens: RequestClient) {
    answer(CreateSession.self) { [registry, context] request in
      let summary = try registry.create(request)
      context.log.info("session_created", (.session, summary.session.text), (.count, summary.expectedDevices))
      return summary
    }
    answer(WithdrawSession.self) { [registry, context] request in
      if let session = try registry.withdraw(request) {
        context.log.info("session_withdrawn", (.session, session.text))
      }
      return Done()
    }
    answer(RegisterDevice.self) { [registry, context, removals] request in
      let placement: DevicePlacement
      do {
        placement = try registry.register(request)
      } catch SessionError.removalUnfinished {
        // The phone is not kept waiting for the rest of a back-off.
        removals.hurry(request.key.session)
        throw SessionError.removalUnfinished
      }
      context.log.info(
        "device_registered", (.session, request.key.session.text), (.device, request.key.device.text),
        (.instance, placement.instance))
      return placement
    }
    answer(LocateDevice.self, registry.locate)
    answer(GetSessionStatus.self, registry.status)
    answer(ListSessions.self, registry.list)
    answer(EndSession.self) { [registry, context, tokens] request in
      let summary = try registry.end(request)
      context.log.info("session_ended", (.session, request.session.text))
      // So that who scans the QR now is told at once. Should it be lost: registering is refused here.
      tokens.send(WithdrawPairing(session: request.session)) { _ in }
      return summary
    }
    answer(RenameDevice.self, registry.rename)
    answer(SetExpectedDevices.self, registry.expect)
    answer(OfferPlaces.self, registry.offer)
    server.handleLater(RemoveDevice.self) { [unowned self] request, responder in remove(request, responder) }
    server.handleLater(DeleteSession.self) { [unowned self] request, responder in delete(request, responder) }
  }

  private func answer<Request: ServiceRequest>(
    _: Request.Type, _ body: @escaping (Request) throws -> Request.Reply
  ) {
    server.handle(Request.self) { request in
      do { return try body(request) } catch let error as SessionError { throw error.serviceError }
    }
  }

  /// The place is closed before token-svc is asked: whatever dies in between, the phone is out.
  private func remove(_ request: RemoveDevice, _ responder: Responder<RemoveDevice>) {
    do {
      let (device, session) = try registry.remove(request)
      removals.finish(device) { result in
        switch result {
        case .success: responder.succeed(session)
        case .failure(let error): responder.fail(error)
        }
      }
    } catch let error as SessionError {
      responder.fail(error.serviceError)
    } catch {
      responder.fail(unexpected: error)
    }
  }

  /// Answers with the whole receipt, or with what there is when patience ends.
  private func delete(_ request: DeleteSession, _ responder: Responder<DeleteSession>) {
    let session = request.session
    var isAnswered = false
    let answer = { (receipt: DeletionReceipt) in
      if !isAnswered { responder.succeed(receipt) }
      isAnswered = true
    }
    do {
      try deletions.begin(session)
      registry.forget(session)
      try deletions.whenFinished(session, answer)
      if isAnswered { return }
      context.loop.after(receiptPatience) { [unowned self] in
        if let receipt = try? deletions.receipt(of: session) { answer(receipt) }
      }
    } catch let error as SessionError {
      responder.fail(error.serviceError)
    } catch {
      responder.fail(unexpected: error)
    }
  }

  private func receiveReport(_ parts: [BusMessage]) {
    guard parts.count == 1, parts[0].count <= Self.maximumReportBytes,
      let report = try? JSONDecoder().decode(DeviceReport.self, from: Data(parts[0].bytes))
    else { return reportsRefused.increment() }
    do {
      if try !registry.receive(report) { reportsRefused.increment() }
    } catch {
      context.log.error("report_not_stored", (.error, String(describing: error)))
    }
  }

  private func freeLapsedPlaces() {
    do {
      for key in try registry.freeLapsedPlaces() {
        context.log.info("place_freed", (.session, key.session.text), (.device, key.device.text))
      }
    } catch {
      context.log.error("places_not_freed", (.error, String(describing: error)))
    }
  }

  private func runRetention() {
    do {
      let count = try retention.run(registry: registry, worker: deletions)
      if count > 0 { context.log.info("retention", (.count, count)) }
    } catch {
      context.log.error("retention_failed", (.error, String(describing: error)))
    }
  }
}
