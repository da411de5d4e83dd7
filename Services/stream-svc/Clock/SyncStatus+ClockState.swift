import Messages
import Timing

extension SyncStatus {
  init(_ state: ClockState) {
    self.init(
      offsetMs: state.offsetMicroseconds / 1000, errorBoundMs: Double(state.errorBoundMicroseconds) / 1000,
      driftPpm: state.driftPpm)
  }
}
