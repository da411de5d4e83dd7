import Messages
import Timing

/// A session's state as the coach's page gets it, over HTTP and twice a second over the WebSocket; and, with less in it, as
/// its phones do.
struct StatusDocument: Encodable {
  /// What a phone is told of another one: that it is there.
  struct Bystander: Encodable {
    let deviceID: DeviceID
    let state: DeviceState
    let transport: Transport?

    init(_ status: DeviceStatus) {
      deviceID = status.device
      state = status.state
      transport = status.report?.transport
    }
  }

  enum Seen: Encodable {
    case whole(Device)
    case bystander(Bystander)

    func encode(to encoder: any Encoder) throws {
      switch self {
      case .whole(let device): try device.encode(to: encoder)
      case .bystander(let other): try other.encode(to: encoder)
      }
    }
  }

  struct Device: Encodable {
    let deviceID: DeviceID
    let label: String?
    /// What the phone said of itself when it registered, under the coach's name for it.
    let metadata: DeviceMetadata
    let state: DeviceState
    /// Why it is in this state, for programs and in words; null where the state says it all.
    let cause: DeviceStateCause?
    let reason: String?
    let transport: Transport?
    let instance: Int
    let fps: Double
    let framesReceived: Int
    let framesRecorded: Int
    let framesLost: Int
    let framesDuplicate: Int
    let framesRefused: Int
    let posesEstimated: Int
    let posesShed: Int
    let posesFailed: Int
    let posesWaiting: Int
    let bytesRecorded: Int
    let lastSequence: UInt32
    /// The device's clock; null until enough exchanges came.
    let sync: SyncStatus?
    /// How the phone knows when its pictures are taken; null until it says.
    let capture: CaptureStatus?
    /// Whether its frames get to disk; null until its instance says.
    let recording: RecordingStatus?
    /// Milliseconds since its last frame arrived; null when none ever did.
    let lastSeenMs: Int?

    init(_ status: DeviceStatus, at now: SessionTime) {
      let report = status.report
      deviceID = status.device
      label = status.metadata.label
      metadata = status.metadata
      state = status.state
      cause = status.cause
      reason = status.reason
      transport = report?.transport
      instance = status.instance
      fps = report?.fps ?? 0
      framesReceived = report?.framesReceived ?? 0
      framesRecorded = report?.framesRecorded ?? 0
      framesLost = report?.framesLost ?? 0
      framesDuplicate = report?.framesDuplicate ?? 0
      framesRefused = report?.framesRefused ?? 0
      posesEstimated = report?.posesEstimated ?? 0
      posesShed = report?.posesShed ?? 0
      posesFailed = report?.posesFailed ?? 0
      posesWaiting = report?.posesWaiting ?? 0
      bytesRecorded = report?.bytesRecorded ?? 0
      lastSequence = report?.lastSequence ?? 0
      sync = report?.sync
      capture = report?.capture
      recording = report?.recording
      lastSeenMs = report?.lastFrameAt.map { max(0, Int((now - $0) / 1000)) }
    }
  }

  let type = "status"
  let sessionID: SessionID
  let mode: SessionMode
  let state: SessionState
  let expectedDevices: Int
  let registeredDevices: Int
  /// As many phones as the mode takes.
  let maximumDevices: Int
  let consent: Bool
  /// Who gave it, when, to which text; not for phones.
  let consentRecord: ConsentDocument?
  let devices: [Seen]
  /// Null when edge-gateway does not answer, and for phones: it is of all of them together.
  let reconstruction: ReconstructionStatistics.Reply?

  /// - Parameter phone: who asks; nil is the coach, who sees everything.
  init(
    _ status: GetSessionStatus.Reply, _ reconstruction: ReconstructionStatistics.Reply?, seenBy phone: DeviceID? = nil,
    at now: SessionTime
  ) {
    let summary = status.summary
    sessionID = summary.session
    mode = summary.mode
    state = summary.state
    expectedDevices = summary.expectedDevices
    registeredDevices = summary.registeredDevices
    maximumDevices = summary.mode.allowedDevices.upperBound
    consent = summary.consentRecorded
    consentRecord = phone == nil ? status.consent.map { ConsentDocument($0) } : nil
    devices = status.devices.map {
      phone == nil || phone == $0.device ? .whole(Device($0, at: now)) : .bystander(Bystander($0))
    }
    self.reconstruction = phone == nil ? reconstruction : nil
  }

  /// How long the figures of the reconstruction are waited for; without them the rest is shown.
  private static let patience = Duration.milliseconds(300)

  /// Asks both services that know something of a session.
  static func fetch(
    _ session: SessionID, from backends: Backends, seenBy phone: DeviceID? = nil,
    _ completion: @escaping (Result<StatusDocument, ServiceError>) -> Void
  ) {
    let time = backends.loop.time
    var statistics: ReconstructionStatistics.Reply?
    let gather = Gather<Result<GetSessionStatus.Reply, ServiceError>?>(2) { results in
      guard let status = results.compactMap({ $0 }).first else { return completion(.failure(.internalFault)) }
      completion(status.map { StatusDocument($0, statistics, seenBy: phone, at: time.now()) })
    }
    backends.sessions.send(GetSessionStatus(session: session)) { gather.put($0, at: 0) }
    backends.gateway.send(ReconstructionStatistics(session: session), retries: 0) { result in
      statistics = try? result.get()
      gather.put(nil, at: 1)
    }
    backends.loop.after(patience) { gather.put(nil, at: 1) }
  }
}
