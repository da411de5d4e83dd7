import Glibc
import Messages
import Reconstruction
import Runtime
import Timing

/// Makes a session's poses once more from its journalled observations, with the times that are known afterwards.
///
/// Works in steps, so that the loop stays free. The new journal takes the place of an earlier one when it is complete; a job
/// that is abandoned, or killed, leaves what was there.
final class FinalPosesJob {
  /// Observations between two turns of the loop: some milliseconds.
  static let observationsPerStep = 200
  /// Observations of cameras whose pictures take longer to be looked at come later than others; so far they are put in
  /// order, microseconds.
  private static let reorderWindow: Int64 = 30_000_000
  private static let drainPolls = 64

  private(set) var observations = 0
  /// Observations that got a final time.
  private(set) var corrected = 0
  var poses: Int { figures.poses }
  /// The poses that were made, once they are complete; nil when there is none.
  private(set) var take: PoseTake?
  /// What of the observations could not be read.
  var damage: JournalDamage { reader.damage }
  var source: String { reader.path }

  private let session: SessionID
  private let folder: SessionFolder
  private let times: FinalTimes
  private let file: OwnedDescriptor
  private var reader: JournalReader<ObservationRecord>
  private let journal: PoseJournal
  private var aligner: Aligner
  private var triangulator: PoseTriangulator?
  private var calibrations: [(from: SessionTime, calibration: Calibration)] = []
  /// In the order of capture, the latest first: what comes next is at the end.
  private var waiting: [Observation2D] = []
  private var figures = ReconstructionFigures()
  /// Of the session, for what came before any calibration that can be read.
  private let fallback: Calibration?
  private var ending = Ending.none

  private enum Ending {
    case none
    /// The new journal is brought to the medium.
    case syncing(BackgroundSync)
    case inPlace
  }

  /// - Parameters:
  ///   - ratePerSecond: that of the live poses; nil takes the cameras' first.
  ///   - calibration: the one in force, should the observations' first one be unreadable.
  init(
    session: SessionID, folder: SessionFolder, times: FinalTimes, ratePerSecond: Double?,
    calibration: Calibration? = nil
  ) throws(SystemError) {
    self.session = session
    fallback = calibration
    var settings = AlignerSettings()
    settings.ratePerSecond = ratePerSecond
    settings.keepsGrid = true
    aligner = Aligner(settings: settings)
    self.folder = folder
    self.times = times
    let path = folder.observations
    file = OwnedDescriptor(try systemCall("open", on: path) { open(path, O_RDONLY | O_CLOEXEC) })
    reader = JournalReader(descriptor: file.number, path: path)
    // Of a job that was killed.
    unlink(folder.newFinalJournal)
    journal = try PoseJournal.open(folder.newFinalJournal) { _ in }.journal
  }

  deinit {
    if case .inPlace = ending { return }
    unlink(folder.newFinalJournal)
  }

  /// Whether the disk has to be waited for: the next step may come a while later.
  var waitsForDisk: Bool { if case .syncing = ending { true } else { false } }

  /// Goes on by one step. True when the poses are in their place.
  func step() throws(SystemError) -> Bool {
    switch ending {
    case .none:
      for _ in 0..<Self.observationsPerStep {
        guard let record = try reader.next() else {
          try finish()
          return false
        }
        switch record {
        case .calibration(let from, let document): add(document, from: from)
        case .observation(let observation): try add(observation)
        }
      }
      return false
    case .syncing(let sync):
      guard let result = sync.result else { return false }
      try result.get()
      try takePlace()
      return true
    case .inPlace: return true
    }
  }

  private func add(_ document: [UInt8], from: SessionTime) {
    // What could not be read was refused when it came.
    guard let calibration = try? CalibrationJSON.decode(document) else { return }
    use(calibration, from: from)
  }

  private func use(_ calibration: Calibration, from: SessionTime) {
    calibrations.append((from, calibration))
    if triangulator == nil { triangulator = PoseTriangulator(calibration: calibration) }
  }

  private func add(_ observation: Observation2D) throws(SystemError) {
    observations += 1
    let better = times.corrected(observation)
    if better != nil { corrected += 1 }
    let placed = better ?? observation
    var index = waiting.count
    while index > 0, waiting[index - 1].captured < placed.captured { index -= 1 }
    waiting.insert(placed, at: index)
    while let first = waiting.last, let newest = waiting.first, newest.captured - first.captured > Self.reorderWindow {
      try take(waiting.removeLast())
    }
  }

  /// As if it arrived at the moment of its capture: nobody has to be waited for.
  private func take(_ observation: Observation2D) throws(SystemError) {
    aligner.insert(observation, now: observation.captured)
    try keep(aligner.poll(now: observation.captured))
  }

  private func keep(_ sets: [AlignedSet]) throws(SystemError) {
    for set in sets {
      if calibrations.isEmpty, let fallback { use(fallback, from: .zero) }
      // The first calibration holds for what came before it, too; each later one from its moment on.
      while calibrations.count > 1, calibrations[1].from <= set.time {
        calibrations.removeFirst()
        triangulator = PoseTriangulator(calibration: calibrations[0].calibration)
      }
      guard let pose = triangulator?.pose(of: set, session: session).pose else { continue }
      try journal.append(pose)
      figures.restore(pose)
    }
  }

  private func finish() throws(SystemError) {
    var end = SessionTime.zero
    while let next = waiting.popLast() {
      end = next.captured
      try take(next)
    }
    for poll in 1...Self.drainPolls { try keep(aligner.poll(now: end + Int64(poll) * 1_000_000)) }
    // Without a single final time these poses would be no better than the live ones: an empty journal says that they stand.
    if corrected == 0 { try journal.removeAll() }
    ending = .syncing(try BackgroundSync(folder.newFinalJournal))
  }

  /// A name in front of bytes that are not on the medium could hide after a power failure that they are gone.
  private func takePlace() throws(SystemError) {
    let (from, to) = (folder.newFinalJournal, folder.finalJournal)
    try systemCall("rename", on: to) { rename(from, to) }
    ending = .inPlace
    if corrected > 0 { take = PoseTake(to, end: journal.end, figures: figures) }
    // Nobody waits for that: should the name be lost after all, the poses are missed and made again.
    _ = try? BackgroundSync(folder.path)
  }
}
