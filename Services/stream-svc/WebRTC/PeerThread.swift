/// The one thread that makes, negotiates and ends peers, so that webrtcbin may block without holding up the loop.
final class PeerThread: Sendable {
  private struct State: Sendable {
    var jobs: [@Sendable () -> Void] = []
    var isStopped = false
  }

  private static let maximumJobs = 1024

  private let state = Monitor(State())
  private let thread: WorkerThread

  init() {
    let state = state
    thread = WorkerThread("webrtc") {
      while let job = state.wait(for: { state -> (@Sendable () -> Void)?? in
        guard state.jobs.isEmpty else { return .some(state.jobs.removeFirst()) }
        return state.isStopped ? .some(nil) : nil
      }) { job() }
    }
  }

  /// Runs `job` after those before it. False: too many wait already, or the thread has been stopped.
  @discardableResult
  func run(_ job: @escaping @Sendable () -> Void) -> Bool {
    state.change { state in
      guard !state.isStopped, state.jobs.count < Self.maximumJobs else { return false }
      state.jobs.append(job)
      return true
    }
  }

  /// Works off what waits, and ends. False when that takes longer than `limit`.
  func stop(within limit: Duration) -> Bool {
    state.change { $0.isStopped = true }
    return thread.waitUntilDone(atMost: limit)
  }
}
