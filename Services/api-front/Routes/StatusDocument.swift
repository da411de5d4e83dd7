import Messages
import Timing

/// A session's state as the coach's page and its phones get it, over HTTP and twice a second over the WebSocket.
struct StatusDocument: Encodable {
  struct Device: Encodable {
    let device_id: DeviceID
    let label: String?
    let state: DeviceState
    let transport: Transport?
    let instance: Int
    let fps: Double
    let frames_received: Int
    let frames_recorded: Int
    let frames_lost: Int
    let frames_duplicate: Int
    let frames_refused: Int
    let poses_estimated: Int
    let poses_shed: Int
    let bytes_recorded: Int
    let last_sequence: UInt32
    /// The device's clock; null until enough exchanges came.
    let sync: SyncStatus?
    /// Milliseconds since its last frame arrived; null when none ever did.
    let last_seen_ms: Int?

    init(_ status: DeviceStatus, at now: SessionTime) {
      let report = status.report
      device_id = status.device
      label = status.metadata.label
      state = status.state
      transport = report?.transport
      instance = status.instance
      fps = report?.fps ?? 0
      frames_received = report?.framesReceived ?? 0
      frames_recorded = report?.framesRecorded ?? 0
      frames_lost = report?.framesLost ?? 0
      frames_duplicate = report?.framesDuplicate ?? 0
      frames_refused = report?.framesRefused ?? 0
      poses_estimated = report?.posesEstimated ?? 0
      poses_shed = report?.posesShed ?? 0
      bytes_recorded = report?.bytesRecorded ?? 0
      last_sequence = report?.lastSequence ?? 0
      sync = report?.sync
      last_seen_ms = report?.lastFrameAt.map { max(0, Int((now - $0) / 1000)) }
    }
  }

  let type = "status"
  let session_id: SessionID
  let mode: SessionMode
  let state: SessionState
  let expected_devices: Int
  let registered_devices: Int
  let consent: Bool
  let devices: [Device]
  /// Null when edge-gateway does not answer.
  let reconstruction: ReconstructionStatistics.Reply?

  init(_ status: GetSessionStatus.Reply, _ reconstruction: ReconstructionStatistics.Reply?, at now: SessionTime) {
    let summary = status.summary
    session_id = summary.session
    mode = summary.mode
    state = summary.state
    expected_devices = summary.expectedDevices
    registered_devices = summary.registeredDevices
    consent = summary.consentRecorded
    devices = status.devices.map { Device($0, at: now) }
    self.reconstruction = reconstruction
  }

  /// Asks both services that know something of a session.
  static func fetch(
    _ session: SessionID, from backends: Backends, time: any TimeSource,
    _ completion: @escaping (Result<StatusDocument, ServiceError>) -> Void
  ) {
    var statistics: ReconstructionStatistics.Reply?
    let gather = Gather<Result<GetSessionStatus.Reply, ServiceError>?>(2) { results in
      guard let status = results.compactMap({ $0 }).first else { return completion(.failure(.internalFault)) }
      completion(status.map { StatusDocument($0, statistics, at: time.now()) })
    }
    backends.sessions.send(GetSessionStatus(session: session)) { gather.put($0, at: 0) }
    backends.gateway.send(ReconstructionStatistics(session: session), retries: 0) { result in
      statistics = try? result.get()
      gather.put(nil, at: 1)
    }
  }
}
