import FoundationEssentials
import Messages
import Reconstruction
import Runtime
import Timing

/// One session's way from 2D observations to 3D poses, with its files. Belongs to the loop's thread.
final class SessionReconstruction {
  let session: SessionID
  private let folder: SessionFolder
  private let log: Log
  private var aligner: Aligner
  private var triangulator: PoseTriangulator?
  private var smoother = PoseSmoother()
  private var clockCheck: ClockCheck?
  private var journal: PoseJournal?
  private var observations: ObservationKeeper
  /// The poses with final times, once they are made.
  private var finalTake: PoseTake?
  private var figures = ReconstructionFigures()
  /// What an earlier process left is still being read.
  private var restoration: PoseRestoration?
  private var waiting: [() -> Void] = []
  private var shelf: ExportShelf?
  private var reportedFaults: Set<String> = []
  private(set) var lastUse: SessionTime

  /// Takes up what an earlier process left on disk: at once what it takes to go on, the rest by `restoreStep`.
  init(session: SessionID, root: String, log: Log, now: SessionTime) throws(SystemError) {
    self.session = session
    self.log = log
    folder = SessionFolder(root: root, session: session)
    lastUse = now
    aligner = Aligner()
    observations = ObservationKeeper(path: folder.observations)
    guard folder.exists else { return }
    shelf = ExportShelf(folder: folder.exports)
    if let calibration = Self.stored(folder.calibration, log: log, session: session) {
      triangulator = PoseTriangulator(calibration: calibration)
      clockCheck = ClockCheck(calibration: calibration)
    }
    let last = try openJournal()
    restoration = try PoseRestoration(folder, end: journal?.end ?? 0)
    // After a reboot the clock begins anew, and old instants would block the new ones.
    if let last, last <= now { aligner = Aligner(notBefore: last) }
  }

  var isCalibrated: Bool { triangulator != nil }
  /// Reads all of the journal first, unless that is done: see `whenRestored`.
  var statistics: ReconstructionStatistics.Reply {
    restore()
    return figures.report(
      isCalibrated: isCalibrated, aligner: aligner.counters, timeShifts: clockCheck?.timeShifts ?? [])
  }

  // MARK: What an earlier process left

  var isRestored: Bool { restoration == nil }

  /// Calls back when the journals of an earlier process have been read; at once when they are. They may turn out to have been
  /// deleted meanwhile.
  func whenRestored(_ body: @escaping () -> Void) {
    if isRestored { body() } else { waiting.append(body) }
  }

  /// Reads on. True when there is nothing more to read. Observations may come in between.
  func restoreStep() -> Bool {
    guard let restoration else { return true }
    do throws(SystemError) {
      guard try restoration.step() else { return false }
    } catch {
      log.error("journal_unreadable", (.session, session.text), (.error, error))
      guard restoration.passOver() else { return false }
    }
    figures.follow(restoration.figures)
    // Newer ones may have been made meanwhile.
    finalTake = finalTake ?? restoration.finalTake
    for (damage, path) in restoration.damage {
      figures.drop(.journalDamaged, damage.places)
      log.journalDamage(damage, path, session)
    }
    endRestoration()
    return true
  }

  /// Nobody needs what has not been read yet.
  func endRestoration() {
    restoration = nil
    let bodies = waiting
    waiting = []
    for body in bodies { body() }
  }

  private func restore() { while !restoreStep() {} }

  // MARK: Calibration

  /// Takes a calibration into force, for the sets from now on. Throws `CalibrationError` or `SystemError`.
  func calibrate(_ document: [UInt8]) throws -> [DeviceID] {
    let calibration = try CalibrationDocument.decode(document)
    try makeFolder()
    let text = String(decoding: CalibrationJSON.encode(calibration), as: UTF8.self)
    try TextFile.writePrivate(text, to: folder.calibration)
    triangulator = PoseTriangulator(calibration: calibration)
    clockCheck = ClockCheck(calibration: calibration)
    smoother = PoseSmoother()
    reportedFaults = []
    keep(.calibration(from: lastUse, document: CalibrationJSON.encode(calibration)))
    return calibration.cameras.compactMap { DeviceID($0.name) }
  }

  /// The calibration in force, as JSON.
  var calibrationDocument: [UInt8]? { triangulator.map { CalibrationJSON.encode($0.calibration) } }

  private static func stored(_ path: String, log: Log, session: SessionID) -> Calibration? {
    guard let text = try? TextFile.read(path, limit: CalibrationJSON.maxBytes) else { return nil }
    do {
      return try CalibrationJSON.decode(Array(text.utf8))
    } catch {
      log.error("calibration_unusable", (.session, session.text), (.code, error.code), (.path, path))
      return nil
    }
  }

  // MARK: Poses

  func take(_ observation: Observation2D, now: SessionTime) {
    lastUse = now
    if isCalibrated { keep(.observation(observation)) }
    aligner.insert(observation, now: now)
  }

  /// When `poses` has something to do even if nothing arrives.
  func nextDeadline(now: SessionTime) -> SessionTime? { aligner.nextDeadline(now: now) }

  /// The poses that are due: journalled, and smoothed for whoever watches.
  func poses(now: SessionTime) -> [Pose3D] {
    aligner.poll(now: now).compactMap { set in
      for device in clockCheck?.add(set) ?? [] {
        log.warning("clock_contradicted_by_pictures", (.session, session.text), (.device, device.text))
      }
      guard let pose = makePose(of: set) else { return nil }
      keep(pose.pose)
      figures.published(pose.pose, at: now, calibrationScale: pose.scale)
      return smoother.smoothed(pose.pose)
    }
  }

  private func makePose(of set: AlignedSet) -> (pose: Pose3D, scale: Double)? {
    guard let result = triangulator?.pose(of: set, session: session) else {
      figures.drop(.uncalibrated)
      return nil
    }
    figures.drop(.unknownDevice, result.unknownDevices)
    if let fault = result.fault {
      figures.drop(.unfitPicture)
      let text = fault.description
      if reportedFaults.count < 16, reportedFaults.insert(text).inserted {
        log.warning("picture_does_not_fit_calibration", (.session, session.text), (.code, fault.code), (.reason, text))
      }
    }
    guard let pose = result.pose else {
      figures.drop(.nothingFound)
      return nil
    }
    return (pose, result.calibrationScale)
  }

  private func keep(_ pose: Pose3D) {
    do throws(SystemError) {
      if journal == nil {
        try makeFolder()
        _ = try openJournal()
      }
      try journal?.append(pose)
    } catch {
      // The live view goes on; the export will lack this pose.
      figures.drop(.journalFull)
      if reportedFaults.insert(error.call).inserted {
        log.error("journal_failed", (.session, session.text), (.error, error))
      }
    }
  }

  /// For the poses that are made afterwards; the live ones go on without.
  private func keep(_ record: ObservationRecord) {
    do throws(SystemError) {
      try observations.keep(record)
    } catch {
      log.error("observations_not_kept", (.session, session.text), (.error, error))
    }
  }

  private func makeFolder() throws(SystemError) {
    try folder.create()
    if shelf == nil { shelf = ExportShelf(folder: folder.exports) }
  }

  /// Answers the time of the last pose in it.
  private func openJournal() throws(SystemError) -> SessionTime? {
    let (opened, cut, last) = try PoseJournal.resume(folder.journal)
    journal = opened
    if cut > 0 { log.warning("journal_torn_record_cut", (.session, session.text), (.bytes, cut)) }
    return last?.time
  }

  // MARK: Exports

  /// Begins an export of the poses with those times, or of the best there are. Nil when there is no such pose. Reads all of the
  /// journal first, unless that is done: see `whenRestored`.
  /// - Parameter anchor: ties the session's time to UTC; nil leaves UTC out.
  func beginExport(
    _ format: ExportFormat, times: PoseTimes? = nil, anchor: UTCAnchor? = nil
  ) throws(SystemError) -> ExportJob? {
    restore()
    let chosen = times ?? (finalTake == nil ? .live : .final)
    guard let source = chosen == .final ? finalTake : liveTake, let name = shelf?.nextName(format) else { return nil }
    let take = TakeDescription(
      session: session, poses: source.poses, ratePerSecond: source.ratePerSecond ?? 30, start: source.start,
      worldUp: triangulator?.calibration.worldUp ?? .z, times: chosen,
      // Poses from before the session was made are of another start of the machine, whose clock is not this anchor's.
      anchor: anchor.flatMap { source.start >= $0.sessionTime ? $0 : nil })
    return try ExportJob(
      journal: source.path, end: source.end, folder: folder.exports, name: name, take: take, format: format)
  }

  private var liveTake: PoseTake? {
    guard let journal, let start = figures.firstTime, figures.poses > 0 else { return nil }
    return PoseTake(
      path: journal.path, end: journal.end, poses: figures.journalled, ratePerSecond: figures.ratePerSecond,
      start: start)
  }

  /// Begins to make the poses once more. Nil when there is nothing to make them of. Reads all of the journal first, unless that
  /// is done: see `whenRestored`.
  func beginFinalPoses(_ times: FinalTimes) throws(SystemError) -> FinalPosesJob? {
    restore()
    guard folder.awaitsFinalPoses else { return nil }
    return try FinalPosesJob(
      session: session, folder: folder, times: times, ratePerSecond: figures.ratePerSecond,
      calibration: triangulator?.calibration)
  }

  func finalPosesAreMade(by job: FinalPosesJob) { finalTake = job.take }

  func exportFinished() { shelf?.removeOld() }

  func readExport(_ name: String, offset: Int) throws(SystemError) -> [UInt8]? {
    try shelf?.read(name, offset: offset)
  }
}
