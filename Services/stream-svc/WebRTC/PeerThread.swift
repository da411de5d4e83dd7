/// A queue of jobs of webrtcbin's and the thread that works it off, so that webrtcbin may block without holding up the loop.
///
/// `PeerLinks` makes and negotiates peers on one; `PeerEndings` ends them on another.
final class PeerThread: Sendable {
  private struct State: Sendable {
    var jobs: [@Sendable () -> Void] = []
    var isStopped = false
    /// Counts the threads: one that is not the latest takes no more jobs.
    var generation = 0
    var worker: WorkerThread?
  }

  private static let maximumJobs = 1024

  private let name: String
  private let state = Monitor(State())

  /// - Parameter name: shown by `top -H`; at most 15 bytes.
  init(_ name: String) {
    self.name = name
    start(generation: 0)
  }

  private func start(generation: Int) {
    let state = state
    let worker = WorkerThread(name) {
      while let job = state.wait(for: { state -> (@Sendable () -> Void)?? in
        guard state.generation == generation else { return .some(nil) }
        guard state.jobs.isEmpty else { return .some(state.jobs.removeFirst()) }
        return state.isStopped ? .some(nil) : nil
      }) { job() }
    }
    state.change { $0.worker = worker }
  }

  /// Runs `job` after those before it. False: too many wait already, or the thread has been stopped.
  ///
  /// - Parameter evenIfFull: for what must not be lost and is bounded elsewhere.
  @discardableResult
  func run(evenIfFull: Bool = false, _ job: @escaping @Sendable () -> Void) -> Bool {
    state.change { state in
      guard !state.isStopped, evenIfFull || state.jobs.count < Self.maximumJobs else { return false }
      state.jobs.append(job)
      return true
    }
  }

  /// Leaves the thread alone with the job it is in, and goes on with the jobs after it on a new one.
  func abandonJob() {
    start(
      generation: state.change { state in
        state.generation += 1
        return state.generation
      })
  }

  /// Works off what waits, and ends. False when that takes longer than `limit`.
  func stop(within limit: Duration) -> Bool {
    let worker = state.change { state in
      state.isStopped = true
      return state.worker
    }
    return worker?.waitUntilDone(atMost: limit) ?? true
  }
}
