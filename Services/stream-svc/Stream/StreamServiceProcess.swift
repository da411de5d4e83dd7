import Bus
import FoundationEssentials
import Glibc
import Messages
import PoseEstimation
import Runtime
import Timing

/// stream-svc: phone links in, recordings to disk, 2D poses and device reports out.
public final class StreamServiceProcess: ServiceProcess {
  private let context: ServiceContext
  private let instance: Int
  private let recorder: Recorder
  private let poses: PoseDesk
  private let desk: StreamDesk
  private let server: RequestServer
  private let reports: PushSocket
  private let peers: PeerLinks
  private let sessions: RequestClient
  private let metrics: StreamMetrics

  /// What session-svc may be behind with: a few seconds of reports of many phones.
  private static let reportHighWaterMark = 4096
  /// Observations are live data: what edge-gateway cannot take within about a second is of no use.
  private static let observationHighWaterMark = 1024
  /// As api-front does for its WebSockets: what was ended or removed is honoured within a second.
  private static let recheckPeriod = Duration.milliseconds(500)
  private static let measuringPeriod = Duration.seconds(1)
  /// All that `stop` waits for. With what the process takes for its end (`ServiceContext`, 5.2 s) this is less than the
  /// unit's TimeoutStopSec.
  static let stopLimits = (peers: Duration.seconds(2), recorder: Duration.seconds(6), poses: Duration.milliseconds(500))

  public convenience init(_ context: ServiceContext) throws {
    let settings = context.settings
    let threads = settings[AppSettings.poseThreads]
    try self.init(
      context, disk: LocalDisk(),
      maker: ModelPoseEstimatorMaker(directory: settings[AppSettings.modelsDirectory], workers: threads))
  }

  init(_ context: ServiceContext, disk: any RecordingDisk, maker: any PoseEstimatorMaker) throws {
    guard let instance = context.instance else { throw StreamStartError.instanceMissing }
    GStreamer.prepare()
    let settings = context.settings
    let bus = try BusContext(context)
    self.context = context
    self.instance = instance
    metrics = StreamMetrics(context.metrics)
    recorder = try Recorder(
      Recorder.Configuration(
        root: settings[AppSettings.recordingsDirectory], threads: settings[AppSettings.recordThreads],
        reserveBytes: UInt64(settings[AppSettings.diskReserveMegabytes]) << 20, instance: UInt16(instance),
        boot: BootID.current() ?? BootID(high: 0, low: 0)),
      loop: context.loop, disk: disk, log: context.log)
    let observations = try PushSocket(bus, to: .observations, highWaterMark: Self.observationHighWaterMark)
    poses = PoseDesk(
      loop: context.loop, log: context.log, metrics: metrics, threads: settings[AppSettings.poseThreads], maker: maker
    ) { observations.push([$0]) }
    reports = try PushSocket(bus, to: .deviceReports, highWaterMark: Self.reportHighWaterMark)
    let relayed = try PhoneLinks(bus, instance: instance, shed: metrics.linkMessagesShed)
    peers = PeerLinks(
      loop: context.loop, log: context.log, metrics: PeerMetrics(context.metrics),
      configuration: PeerLinks.Configuration(settings))
    sessions = try RequestClient(bus, .sessions, of: .sessionService)
    let links = PhoneConnections(relayed: relayed, direct: peers)
    desk = StreamDesk(
      loop: context.loop, log: context.log, instance: instance, links: links, recorder: recorder, poses: poses,
      metrics: metrics, latencies: settings[AppSettings.cameraLatency])
    server = try RequestServer(bus, .stream(instance: instance), context: context)
    answerRequests()
    answerSignalling()
    watch()
    context.loop.every(.milliseconds(500)) { [unowned self] in tick() }
    recorder.measure()
    context.loop.every(Self.measuringPeriod) { [unowned recorder] in recorder.measure() }
    context.loop.every(FolderRemoval.tidyPeriod) { [unowned recorder] in recorder.tidyRemovals() }
    context.loop.every(Self.recheckPeriod) { [unowned peers] in peers.recheck() }
    context.onStop { [unowned self] in stop() }
  }

  private func answerRequests() {
    server.handleLater(ListRecordings.self) { [recorder] request, responder in
      recorder.list(request.session) { responder.succeed(ListRecordings.Reply(files: $0)) }
    }
    server.handleLater(ReadRecording.self) { [recorder] request, responder in
      recorder.read(request) { reply in
        if let reply { responder.succeed(reply) } else { responder.fail(.unknownRecording) }
      }
    }
    server.handleLater(ReadFinalTimes.self) { [recorder] request, responder in
      recorder.readFinalTimes(request) { responder.succeed($0) }
    }
    server.handleLater(DeleteRecordings.self) { [desk] request, responder in
      desk.delete(request) { outcome in
        switch outcome {
        case .success(let reply): responder.succeed(reply)
        case .failure(let error): responder.fail(error)
        }
      }
    }
  }

  private func answerSignalling() {
    peers.check = { [unowned self] key, completion in
      sessions.send(LocateDevice(key: key), retries: 0) { [instance] result in
        switch result {
        case .success(let placement): completion(placement.instance == instance ? nil : .peerReplaced)
        // Who cannot answer now has not refused.
        case .failure(let error): completion(error.status < 500 ? error : nil)
        }
      }
    }
    server.handleLater(SignalOffer.self) { [peers] request, responder in
      peers.offer(request) { result in
        switch result {
        case .success(let reply): responder.succeed(reply)
        case .failure(let error): responder.fail(error)
        }
      }
    }
    server.handle(SignalCandidates.self) { [peers] in try peers.add($0) }
  }

  private func watch() {
    context.metrics.gauge("axolotl_webrtc_peers", "Phones connected by WebRTC.") { [unowned peers] in
      Double(peers.openCount)
    }
    context.metrics.gauge("axolotl_webrtc_peers_ending", "Ended connections that are not free yet.") {
      [unowned peers] in Double(peers.endingCount)
    }
    context.metrics.gauge(
      "axolotl_webrtc_peers_stuck", "Ended connections that the libraries did not free; restart this instance."
    ) { [unowned peers] in Double(peers.abandonedCount) }
    context.addReadinessCheck { [poses] in poses.unavailable.map { "poses are off: \($0)" } }
    context.metrics.gauge("axolotl_cameras_connected", "Phones connected to this instance.") { [unowned desk] in
      Double(desk.connectedCameras)
    }
    context.metrics.gauge("axolotl_record_queue_bytes", "Frame bytes that wait to be written.") { [unowned recorder] in
      Double(recorder.queuedBytes)
    }
    context.metrics.gauge("axolotl_disk_free_bytes", "Free on the recordings' disk; NaN when it does not say.") {
      [unowned recorder] in recorder.freeBytes.map(Double.init) ?? .nan
    }
    context.metrics.gauge("axolotl_record_stopped_cameras", "Connected phones whose recording stands still.") {
      [unowned desk] in Double(desk.all.count { $0.isConnected && $0.failure != nil })
    }
    context.metrics.gauge(
      "axolotl_record_doubtful_files", "Recordings' files whose last sync failed: not known to be on the medium."
    ) { [unowned recorder] in Double(recorder.doubtfulFiles) }
    context.metrics.gauge("axolotl_pose_queue_frames", "Frames that wait for pose estimation.") { [unowned poses] in
      Double(poses.waiting)
    }
    context.metrics.gauge(
      "axolotl_clock_error_bound_seconds",
      "The largest error bound of a connected phone's clock; NaN while none is known."
    ) { [unowned self] in largestClockErrorBoundMs.map { $0 / 1000 } ?? .nan }
    for quality in [SyncStatus.Quality.good, .acceptable, .poor, .unknown] {
      context.metrics.gauge(
        "axolotl_clock_quality_cameras", "Connected phones by how well their clock is known.",
        labels: [("quality", quality.rawValue)]
      ) { [unowned self] in Double(cameras(with: quality)) }
    }
  }

  private var largestClockErrorBoundMs: Double? {
    let now = context.time.now()
    return desk.all.filter(\.isConnected).compactMap { $0.sync(at: now)?.errorBoundMs }.max()
  }

  private func cameras(with quality: SyncStatus.Quality) -> Int {
    let now = context.time.now()
    return desk.all.count { camera in
      camera.isConnected && (camera.sync(at: now)?.quality ?? .unknown) == quality
    }
  }

  private func tick() {
    recorder.deliver()
    peers.tick()
    desk.tick()
    let now = context.time.now()
    for camera in desk.all {
      // A report of a plain value always encodes.
      let report = camera.report(instance: instance, roomBytes: recorder.roomBytes, at: now)
      guard let body = try? JSONEncoder().encode(report) else { continue }
      if !reports.push([body.withUnsafeBytes { BusMessage(copying: $0) }]) { metrics.reportsShed.increment() }
    }
  }

  private func stop() {
    if !peers.stop(within: Self.stopLimits.peers) { context.log.error("peers_still_busy") }
    let (isDone, unsynced) = recorder.stop(within: Self.stopLimits.recorder)
    if !isDone { context.log.error("recorder_still_busy") }
    if unsynced > 0 { context.log.error("recordings_not_synced", (.count, unsynced)) }
    recorder.deliver()
    _ = poses.stop(within: Self.stopLimits.poses)
  }
}

enum StreamStartError: Error, CustomStringConvertible {
  case instanceMissing

  var description: String { "stream-svc runs as one of several: start it with --instance N, N from 1." }
}
