import Runtime
import Storage
import Timing

/// Removes sessions that nobody has touched for the retention period.
///
/// A phone that is still there puts that off by an hour at most, so that no take is cut off in its middle; for a session
/// that has ended nothing does. Pages that watch it never count: only phones are known here. After the wall clock was set
/// forward nothing is deleted for its age for a day (`ClockStepGuard`), so that somebody can see the warning and save it.
public final class Retention {
  /// How long a phone that is there puts the deletion off, microseconds.
  static let longestDelay: Int64 = 3_600_000_000

  private let store: any SessionStore
  private let time: any TimeSource
  private let uptime: () -> Int64
  private let log: Log
  private let days: Int
  private var clockSteps = ClockStepGuard()

  /// - Parameter uptime: microseconds on a clock that nobody sets and that counts while the machine sleeps.
  public init(
    store: any SessionStore, time: any TimeSource, uptime: @escaping () -> Int64, log: Log, days: Int
  ) {
    self.store = store
    self.time = time
    self.uptime = uptime
    self.log = log
    self.days = days
  }

  /// Begins the deletion of what is due. How many sessions there were.
  public func run(registry: SessionRegistry, worker: DeletionWorker) throws -> Int {
    let now = time.utcMicroseconds()
    let uptime = uptime()
    if let step = clockSteps.read(utc: now, uptime: uptime) {
      log.warning("clock_stepped", (.milliseconds, step / 1000))
    }
    guard clockSteps.believesAges(at: uptime) else { return 0 }
    let limit = now - Int64(days) * 86_400_000_000
    let overdue = Set(try store.sessions(untouchedSince: limit - Self.longestDelay))
    let due = try store.sessions(untouchedSince: limit).filter { session throws(StorageError) in
      if overdue.contains(session) || !registry.isLive(session) { return true }
      return try store.session(session)?.endedAt != nil
    }
    for session in due {
      try worker.begin(session)
      registry.forget(session)
    }
    try store.forgetDeletions(before: limit)
    return due.count
  }
}
