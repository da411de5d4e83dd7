import FoundationEssentials

/// In which form a session's poses or its calibration leave the system.
public enum ExportFormat: String, Codable, Sendable, CaseIterable {
  case trc, csv, json
}

/// Gives a session its camera calibration, if session-svc knows the session. `document` is the JSON form of PROTOCOL.md, or a
/// Qualisys `.qca.txt`.
public struct SetCalibration: ServiceRequest {
  public struct Reply: Codable, Sendable {
    /// Names of the devices that now have a camera model.
    public let devices: [DeviceID]
    public init(devices: [DeviceID]) { self.devices = devices }
  }
  public static let name = "gateway.set_calibration"
  /// Longer than two of `GetSessionStatus`, which it waits for and asks for twice.
  public static let deadline = Duration.seconds(5)
  public static let maximumBytes = 256 * 1024

  public let session: SessionID
  public let document: Data

  public init(session: SessionID, document: Data) {
    self.session = session
    self.document = document
  }
}

/// The calibration in force, in the JSON form of PROTOCOL.md.
public struct GetCalibration: ServiceRequest {
  public struct Reply: Codable, Sendable {
    public let document: Data
    public init(document: Data) { self.document = document }
  }
  public static let name = "gateway.get_calibration"

  public let session: SessionID
  public init(session: SessionID) { self.session = session }
}

/// Which times poses were made with.
public enum PoseTimes: String, Codable, Sendable, CaseIterable {
  /// Those that were known when the frames came.
  case live
  /// Those that all clock exchanges of the session say afterwards.
  case final
}

/// Writes the session's poses to a file and names it; api-front then asks for its bytes piece by piece.
public struct ExportPoses: ServiceRequest {
  public struct Reply: Codable, Sendable {
    /// Opaque name for `ReadExport`.
    public let export: String
    public let bytes: Int
    public let poses: Int
    public let times: PoseTimes
    public init(export: String, bytes: Int, poses: Int, times: PoseTimes) {
      self.export = export
      self.bytes = bytes
      self.poses = poses
      self.times = times
    }
  }
  public static let name = "gateway.export_poses"
  public static let deadline = Duration.seconds(30)

  public let session: SessionID
  public let format: ExportFormat
  /// Nil: the best there are.
  public let times: PoseTimes?

  public init(session: SessionID, format: ExportFormat, times: PoseTimes? = nil) {
    self.session = session
    self.format = format
    self.times = times
  }
}

/// A piece of an export.
public struct ReadExport: ServiceRequest {
  public struct Reply: Codable, Sendable {
    /// At most `maximumPiece` bytes; empty at the end.
    public let piece: Data
    public init(piece: Data) { self.piece = piece }
  }
  public static let name = "gateway.read_export"
  public static let maximumPiece = 1024 * 1024

  public let session: SessionID
  public let export: String
  public let offset: Int

  public init(session: SessionID, export: String, offset: Int) {
    self.session = session
    self.export = export
    self.offset = offset
  }
}

/// Figures of a session's reconstruction so far.
public struct ReconstructionStatistics: ServiceRequest {
  /// How far a camera's times are from the mean of all, as the motion in the pictures tells; beside what the clocks claim.
  public struct TimeShift: Codable, Hashable, Sendable {
    public let device: DeviceID
    /// Claimed time − true time.
    public let shiftMs: Double
    public let standardErrorMs: Double
    /// The clocks' error bound that it is held against.
    public let clockErrorBoundMs: Double
    /// The pictures and the clocks disagree by more than both allow for.
    public let contradictsClock: Bool

    public init(
      device: DeviceID, shiftMs: Double, standardErrorMs: Double, clockErrorBoundMs: Double, contradictsClock: Bool
    ) {
      self.device = device
      self.shiftMs = shiftMs
      self.standardErrorMs = standardErrorMs
      self.clockErrorBoundMs = clockErrorBoundMs
      self.contradictsClock = contradictsClock
    }

    enum CodingKeys: String, CodingKey {
      case device = "device_id"
      case shiftMs = "shift_ms"
      case standardErrorMs = "standard_error_ms"
      case clockErrorBoundMs = "clock_error_bound_ms"
      case contradictsClock = "contradicts_clock"
    }
  }

  public struct Reply: Codable, Hashable, Sendable {
    public let calibrated: Bool
    public let observations: Int
    public let alignedSets: Int
    public let poses: Int
    public let jointsPerPose: Double
    /// Median over joints, pixels of the frames as sent.
    public let reprojectionPxMedian: Double?
    /// The same in pixels of the image size that the calibration was made for.
    public let reprojectionCalibrationPxMedian: Double?
    public let captureToPoseMsP50: Double?
    public let captureToPoseMsP95: Double?
    /// Empty until there was enough motion.
    public let timeShifts: [TimeShift]
    /// What was passed over, by reason.
    public let dropped: [String: Int]

    public init(
      calibrated: Bool, observations: Int, alignedSets: Int, poses: Int, jointsPerPose: Double,
      reprojectionPxMedian: Double?, reprojectionCalibrationPxMedian: Double?, captureToPoseMsP50: Double?,
      captureToPoseMsP95: Double?, timeShifts: [TimeShift] = [], dropped: [String: Int]
    ) {
      self.calibrated = calibrated
      self.observations = observations
      self.alignedSets = alignedSets
      self.poses = poses
      self.jointsPerPose = jointsPerPose
      self.reprojectionPxMedian = reprojectionPxMedian
      self.reprojectionCalibrationPxMedian = reprojectionCalibrationPxMedian
      self.captureToPoseMsP50 = captureToPoseMsP50
      self.captureToPoseMsP95 = captureToPoseMsP95
      self.timeShifts = timeShifts
      self.dropped = dropped
    }

    enum CodingKeys: String, CodingKey {
      case calibrated, observations
      case alignedSets = "aligned_sets"
      case poses
      case jointsPerPose = "joints_per_pose"
      case reprojectionPxMedian = "reprojection_px_median"
      case reprojectionCalibrationPxMedian = "reprojection_calibration_px_median"
      case captureToPoseMsP50 = "capture_to_pose_ms_p50"
      case captureToPoseMsP95 = "capture_to_pose_ms_p95"
      case timeShifts = "time_shifts"
      case dropped
    }
  }
  public static let name = "gateway.statistics"

  public let session: SessionID
  public init(session: SessionID) { self.session = session }
}

/// Removes calibration, journal and exports of a session.
public struct DeleteReconstruction: ServiceRequest {
  public struct Reply: Codable, Sendable {
    /// What this deletion has removed in all, also before the service was killed.
    public let files: Int
    public init(files: Int) { self.files = files }
  }
  public static let name = "gateway.delete"

  public let session: SessionID
  public let deletion: DeletionID
  public init(session: SessionID, deletion: DeletionID) {
    self.session = session
    self.deletion = deletion
  }
}
