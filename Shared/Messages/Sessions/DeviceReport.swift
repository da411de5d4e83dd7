import Timing

/// What stream-svc knows of one device, pushed to session-svc twice a second. The newest replaces the one before.
public struct DeviceReport: Codable, Hashable, Sendable {
  public let key: DeviceKey
  /// Which stream-svc instance speaks.
  public let instance: Int
  public let transport: Transport?
  public let state: DeviceState
  /// Frames a second over the last two seconds.
  public let fps: Double
  public let framesReceived: Int
  /// On disk, each sequence number once.
  public let framesRecorded: Int
  /// Sequence numbers that the phone gave up; without a connection, also those that are still missing.
  public let framesLost: Int
  public let framesDuplicate: Int
  public let framesRefused: Int
  public let posesEstimated: Int
  /// Frames recorded but passed over for pose estimation, because newer ones waited.
  public let posesShed: Int
  /// Frames whose pose could not be estimated, such as a damaged picture.
  public let posesFailed: Int
  /// Recorded frames that wait for pose estimation or are in it.
  public let posesWaiting: Int
  public let bytesRecorded: Int
  public let lastSequence: UInt32
  public let sync: SyncStatus?
  public let capture: CaptureStatus?
  public let recording: RecordingStatus?
  public let lastFrameAt: SessionTime?
  public let reportedAt: SessionTime

  public init(
    key: DeviceKey, instance: Int, transport: Transport?, state: DeviceState, fps: Double, framesReceived: Int,
    framesRecorded: Int, framesLost: Int, framesDuplicate: Int, framesRefused: Int, posesEstimated: Int,
    posesShed: Int, posesFailed: Int, posesWaiting: Int, bytesRecorded: Int, lastSequence: UInt32, sync: SyncStatus?,
    capture: CaptureStatus? = nil, recording: RecordingStatus? = nil, lastFrameAt: SessionTime?, reportedAt: SessionTime
  ) {
    self.key = key
    self.instance = instance
    self.transport = transport
    self.state = state
    self.fps = fps
    self.framesReceived = framesReceived
    self.framesRecorded = framesRecorded
    self.framesLost = framesLost
    self.framesDuplicate = framesDuplicate
    self.framesRefused = framesRefused
    self.posesEstimated = posesEstimated
    self.posesShed = posesShed
    self.posesFailed = posesFailed
    self.posesWaiting = posesWaiting
    self.bytesRecorded = bytesRecorded
    self.lastSequence = lastSequence
    self.sync = sync
    self.capture = capture
    self.recording = recording
    self.lastFrameAt = lastFrameAt
    self.reportedAt = reportedAt
  }
}
