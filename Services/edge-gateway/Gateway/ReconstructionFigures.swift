import Messages
import Reconstruction
import Timing

/// What is known of one session's reconstruction: what `ReconstructionStatistics` reports.
struct ReconstructionFigures {
  /// Why something was passed over.
  enum Drop: String {
    case uncalibrated
    case unknownDevice = "unknown_device"
    case unfitPicture = "unfit_picture"
    case nothingFound = "nothing_found"
    case journalFull = "journal_full"
    /// Places in the journal that could not be read; each may have held several poses.
    case journalDamaged = "journal_damaged"
  }

  private(set) var poses = 0
  private var joints = 0
  private var reprojectionPx = Percentiles(step: 0.1, limit: 100)
  private var captureToPoseMs = Percentiles(step: 1, limit: 2000)
  private var frameIntervals = Percentiles(step: 200, limit: 400_000)
  private(set) var firstTime: SessionTime?
  private var lastTime: SessionTime?
  private var calibrationScale: Double?
  private var drops: [String: Int] = [:]
  private var restoredPoses = 0

  /// A pose that an earlier process journalled.
  mutating func restore(_ pose: Pose3D) {
    add(pose)
    restoredPoses += 1
  }

  mutating func add(_ pose: Pose3D) {
    poses += 1
    for joint in pose.joints where joint.views > 0 {
      joints += 1
      reprojectionPx.add(Double(joint.reprojectionErrorPx))
    }
    if let lastTime { frameIntervals.add(Double(pose.time - lastTime)) }
    if firstTime == nil { firstTime = pose.time }
    lastTime = pose.time
  }

  /// Adds the figures of the poses before these.
  mutating func follow(_ earlier: ReconstructionFigures) {
    poses += earlier.poses
    joints += earlier.joints
    reprojectionPx.add(earlier.reprojectionPx)
    captureToPoseMs.add(earlier.captureToPoseMs)
    frameIntervals.add(earlier.frameIntervals)
    if let last = earlier.lastTime, let firstTime { frameIntervals.add(Double(firstTime - last)) }
    firstTime = earlier.firstTime ?? firstTime
    lastTime = lastTime ?? earlier.lastTime
    calibrationScale = calibrationScale ?? earlier.calibrationScale
    drops.merge(earlier.drops, uniquingKeysWith: +)
    restoredPoses += earlier.restoredPoses
  }

  mutating func published(_ pose: Pose3D, at now: SessionTime, calibrationScale: Double) {
    add(pose)
    self.calibrationScale = calibrationScale
    captureToPoseMs.add(Double(now - pose.time) / 1000)
  }

  mutating func drop(_ reason: Drop, _ count: Int = 1) {
    if count > 0 { drops[reason.rawValue, default: 0] += count }
  }

  /// Poses that are in the journal.
  var journalled: Int { poses - (drops[Drop.journalFull.rawValue] ?? 0) }

  /// Poses per second, from the middle distance between two.
  var ratePerSecond: Double? { rate(ofIntervalsAt: 0.5) }

  /// The same of poses that all lie on one grid, where no two are closer than its period: right, too, when most instants have no
  /// pose.
  var gridRatePerSecond: Double? { rate(ofIntervalsAt: 0.05) }

  private func rate(ofIntervalsAt share: Double) -> Double? {
    frameIntervals.value(at: share).flatMap { TimeGrid.rate(ofPeriods: [Int64($0)]) }
  }

  func report(
    isCalibrated: Bool, aligner: AlignerCounters, timeShifts: [ReconstructionStatistics.TimeShift] = []
  ) -> ReconstructionStatistics.Reply {
    var dropped = drops
    dropped["late"] = aligner.late
    dropped["duplicate"] = aligner.duplicate
    dropped["future"] = aligner.future
    dropped["overflow"] = aligner.overflow
    dropped["too_many_devices"] = aligner.tooManyDevices
    dropped["instants_with_too_few_cameras"] = aligner.instantsWithTooFewCameras
    let median = reprojectionPx.value(at: 0.5)
    return ReconstructionStatistics.Reply(
      calibrated: isCalibrated, observations: aligner.observations, alignedSets: restoredPoses + aligner.sets,
      poses: poses, jointsPerPose: poses > 0 ? Double(joints) / Double(poses) : 0, reprojectionPxMedian: median,
      reprojectionCalibrationPxMedian: median.flatMap { median in calibrationScale.map { $0 * median } },
      captureToPoseMsP50: captureToPoseMs.value(at: 0.5), captureToPoseMsP95: captureToPoseMs.value(at: 0.95),
      timeShifts: timeShifts,
      dropped: dropped.filter { $0.value > 0 })
  }
}
