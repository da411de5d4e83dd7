import Messages
import Reconstruction
import Timing

/// Holds the cameras' clocks against what their pictures say, and notices when they begin to disagree. It never corrects a
/// clock.
struct ClockCheck {
  private var motion: MotionCrossCheck
  /// The clocks' bound, slowly forgotten when it was worse.
  private var boundMicroseconds = 0.0
  private(set) var timeShifts: [ReconstructionStatistics.TimeShift] = []
  private var nextLook = SessionTime.zero

  private static let period = Duration.seconds(2)

  init(calibration: Calibration) { motion = MotionCrossCheck(calibration: calibration) }

  /// The devices whose clock the pictures contradict since now.
  mutating func add(_ set: AlignedSet) -> [DeviceID] {
    motion.add(set)
    boundMicroseconds = max(Double(set.clockErrorBoundMicroseconds), boundMicroseconds * 0.999)
    guard set.time >= nextLook else { return [] }
    nextLook = set.time.advanced(by: Self.period)
    let known = Set(timeShifts.filter(\.contradictsClock).map(\.device))
    timeShifts = motion.shifts.map { shift in
      ReconstructionStatistics.TimeShift(
        device: shift.device, shiftMs: shift.microseconds / 1000,
        standardErrorMs: shift.standardErrorMicroseconds / 1000, clockErrorBoundMs: boundMicroseconds / 1000,
        contradictsClock: shift.contradicts(clockErrorBoundMicroseconds: boundMicroseconds))
    }
    return timeShifts.filter { $0.contradictsClock && !known.contains($0.device) }.map(\.device)
  }
}
