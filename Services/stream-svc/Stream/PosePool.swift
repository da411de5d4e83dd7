import Messages
import PoseEstimation
import Timing

/// Estimates one frame's pose; each worker thread has its own.
protocol PoseEstimator: AnyObject {
  func estimate(_ frame: TimedFrame, tracker: inout PoseTracker) throws(PoseError) -> PoseEstimate?
}

/// Makes estimators; loads the models when first asked. Called from the worker threads.
protocol PoseEstimatorMaker: Sendable {
  func makeEstimator() throws(PoseError) -> any PoseEstimator
}

/// The worker threads that estimate poses of all cameras of this instance.
///
/// Live first: of one camera at most a few frames wait, and when another comes the oldest of them is passed over and
/// counted. Cameras take turns. One camera's frames are worked on one at a time and in order, because its tracker goes
/// from each to the next.
final class PosePool: Sendable {
  struct Job: Sendable {
    let camera: CameraNumber
    let frame: TimedFrame
    let recorded: SessionTime
  }

  enum Outcome: Sendable {
    /// nil: nobody is in view.
    case estimated(Job, PoseEstimate?, microseconds: Int64)
    case failed(Job, PoseError)
    case loaded(microseconds: Int64)
    case unavailable(PoseError)
  }

  static let maximumWaiting = 3

  private struct Line: Sendable {
    var waiting: [Job] = []
    var tracker = PoseTracker()
    var isWorkedOn = false
  }

  private struct State: Sendable {
    var isWanted = false
    var isStopped = false
    var isAvailable = true
    var lines: [CameraNumber: Line] = [:]
    /// Whose turn it is: cameras with waiting frames, first come first served.
    var turns: [CameraNumber] = []
  }

  private let state = Monitor(State())
  private let threads: [WorkerThread]

  init(
    threads count: Int, maker: any PoseEstimatorMaker, time: any TimeSource,
    emit: @escaping @Sendable (Outcome) -> Void
  ) {
    let state = state
    threads = (0..<count).map { number in
      WorkerThread("pose-\(number + 1)") { Self.work(state, maker, time, emit) }
    }
  }

  deinit { state.change { $0.isStopped = true } }

  /// Loads the models now, so that the first frame need not wait for them.
  func prepare() { state.change { $0.isWanted = true } }

  /// Queues a frame. Returns how many waiting frames of the camera were passed over for it.
  func submit(_ job: Job) -> Int {
    guard !threads.isEmpty else { return 0 }
    return state.change { state in
      guard state.isAvailable else { return 1 }
      state.isWanted = true
      var line = state.lines[job.camera] ?? Line()
      if line.waiting.isEmpty, !line.isWorkedOn { state.turns.append(job.camera) }
      line.waiting.append(job)
      let shed = max(0, line.waiting.count - Self.maximumWaiting)
      line.waiting.removeFirst(shed)
      state.lines[job.camera] = line
      return shed
    }
  }

  /// The camera's connection ended: its tracker and what waits are of no more use. Returns how many frames waited.
  func forget(_ camera: CameraNumber) -> Int {
    state.change { state in
      state.turns.removeAll { $0 == camera }
      return state.lines.removeValue(forKey: camera)?.waiting.count ?? 0
    }
  }

  var waiting: Int { state.withLock { $0.lines.values.reduce(0) { $0 + $1.waiting.count } } }

  func stop(within limit: Duration) -> Bool {
    let (time, deadline) = (SystemTimeSource(), SystemTimeSource().now().advanced(by: limit))
    state.change { $0.isStopped = true }
    return threads.reduce(true) { done, thread in
      thread.waitUntilDone(atMost: .microseconds(max(0, deadline - time.now()))) && done
    }
  }

  // MARK: - On the worker threads

  private static func work(
    _ state: Monitor<State>, _ maker: any PoseEstimatorMaker, _ time: any TimeSource,
    _ emit: @Sendable (Outcome) -> Void
  ) {
    guard state.wait(for: { $0.isStopped ? false : $0.isWanted ? true : nil }) else { return }
    let estimator: any PoseEstimator
    let began = time.now()
    do {
      estimator = try maker.makeEstimator()
    } catch {
      let waiting = state.change { state in
        state.isAvailable = false
        state.turns = []
        defer { state.lines = [:] }
        return state.lines.values.flatMap(\.waiting)
      }
      emit(.unavailable(error))
      for job in waiting { emit(.failed(job, error)) }
      return
    }
    emit(.loaded(microseconds: time.now() - began))
    while let (job, before) = state.wait(for: { next(&$0) }) {
      var tracker = before
      let start = time.now()
      var outcome: Outcome
      do {
        let pose = try estimator.estimate(job.frame, tracker: &tracker)
        outcome = .estimated(job, pose, microseconds: time.now() - start)
      } catch {
        outcome = .failed(job, error)
      }
      state.change { state in
        // A camera that was forgotten meanwhile stays so.
        guard var line = state.lines[job.camera], line.isWorkedOn else { return }
        line.tracker = tracker
        line.isWorkedOn = false
        if !line.waiting.isEmpty { state.turns.append(job.camera) }
        state.lines[job.camera] = line
      }
      emit(outcome)
    }
  }

  /// The next job and its camera's tracker; the inner nil says stop, the outer one says wait.
  private static func next(_ state: inout State) -> (Job, PoseTracker)?? {
    if state.isStopped { return .some(nil) }
    guard !state.turns.isEmpty else { return nil }
    let camera = state.turns.removeFirst()
    guard var line = state.lines[camera], !line.waiting.isEmpty else { return nil }
    let job = line.waiting.removeFirst()
    line.isWorkedOn = true
    defer { state.lines[camera] = line }
    return (job, line.tracker)
  }
}
