import Messages
import Timing

/// A thread that asks the kernel to put recordings on the medium, so that a slow disk holds up nobody who writes.
///
/// An acknowledged frame is in the kernel's hands and survives the death of any process. Against a power failure it is
/// safe after at most the sync period (5 s) plus the time that the disk takes.
///
/// What a sync failed for is kept, and tried again until it succeeds.
final class RecordingSyncer: Sendable {
  enum Report: Sendable {
    /// `isNews`: the attempt before, if there was one, succeeded.
    case failed(path: String, DiskFailure, isNews: Bool)
    /// What failed before is on the medium after all.
    case recovered(path: String)
    /// It was let go: too many others wait like it.
    case givenUp(path: String)
  }

  private struct Work: Sendable {
    var waiting: [any Synchronizable] = []
    /// How many of the thread's doing are not done.
    var inHand = 0
    var doubtful = 0
    var isStopped = false
  }

  /// Files that may wait for a slow disk before those who bring more have to wait, too.
  private static let maximumWaiting = 1024
  private static let patience = Duration.seconds(5)
  /// Files whose sync failed and that are kept open.
  private static let maximumDoubtful = 256

  private let work = Monitor(Work())
  private let thread: WorkerThread

  /// - Parameters:
  ///   - retryPause: after a failure it is tried again so much later.
  ///   - report: is called on the syncer's thread.
  init(
    retryPause: Duration = .seconds(5), time: any TimeSource = SystemTimeSource(),
    report: @escaping @Sendable (Report) -> Void = { _ in }
  ) {
    let work = work
    thread = WorkerThread("recorder-sync") {
      Self.run(work, Attempts(limit: Self.maximumDoubtful, report: report), retryPause, time)
    }
  }

  deinit { work.change { $0.isStopped = true } }

  /// Soon synchronises these. Waits itself while a slow disk has too many others to do.
  func synchronize(_ files: [any Synchronizable]) {
    guard !files.isEmpty else { return }
    _ = work.wait(atMost: Self.patience) { work in
      work.isStopped || work.waiting.count + work.inHand < Self.maximumWaiting ? true : nil
    }
    work.change { work in
      let known = Set(work.waiting.map(ObjectIdentifier.init))
      work.waiting += files.filter { !known.contains(ObjectIdentifier($0)) }
    }
  }

  /// Files whose last sync failed.
  var doubtfulFiles: Int { work.withLock { $0.doubtful } }

  /// Synchronises what waits, and ends. Answers how many files are not known to be on the medium.
  func stop(within limit: Duration) -> Int {
    work.change { $0.isStopped = true }
    _ = thread.waitUntilDone(atMost: limit)
    return work.withLock { $0.waiting.count + $0.inHand + $0.doubtful }
  }

  private static func run(
    _ work: Monitor<Work>, _ attempts: Attempts, _ retryPause: Duration, _ time: any TimeSource
  ) {
    /// Nil: stopped.
    func take(_ work: inout Work) -> [any Synchronizable]?? {
      if work.waiting.isEmpty { return work.isStopped ? .some(nil) : nil }
      defer { work.waiting = [] }
      work.inHand = work.waiting.count
      return work.waiting
    }
    var nextRetry = SessionTime.distantFuture
    while true {
      let pause = Duration.microseconds(max(0, nextRetry - time.now()))
      let taken = attempts.failed.isEmpty ? work.wait(for: take) : work.wait(atMost: pause, for: take) ?? []
      guard let files = taken else { break }
      for file in files {
        attempts.make(file)
        work.change { $0.inHand -= 1 }
      }
      if attempts.failed.isEmpty {
        nextRetry = .distantFuture
      } else if nextRetry == .distantFuture || time.now() >= nextRetry {
        if nextRetry != .distantFuture { attempts.makeAgain() }
        nextRetry = time.now().advanced(by: retryPause)
      }
      work.change { $0.doubtful = attempts.failed.count }
    }
    attempts.makeAgain()
    work.change { $0.doubtful = attempts.failed.count }
  }
}

/// What the thread tries, and what failed. Lives on that thread.
private final class Attempts {
  private(set) var failed: [any Synchronizable] = []
  private let limit: Int
  private let report: (RecordingSyncer.Report) -> Void

  init(limit: Int, report: @escaping @Sendable (RecordingSyncer.Report) -> Void) {
    self.limit = limit
    self.report = report
  }

  func make(_ file: any Synchronizable) {
    let known = failed.firstIndex { $0 === file }
    do throws(DiskFailure) {
      try file.synchronize()
      guard let known else { return }
      failed.remove(at: known)
      report(.recovered(path: file.path))
    } catch {
      report(.failed(path: file.path, error, isNews: known == nil))
      guard known == nil else { return }
      failed.append(file)
      if failed.count > limit { report(.givenUp(path: failed.removeFirst().path)) }
    }
  }

  func makeAgain() { for file in failed { make(file) } }
}
