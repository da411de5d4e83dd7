import Storage
import Timing

/// Removes sessions that nobody has touched for the retention period.
public struct Retention {
  private let store: any SessionStore
  private let time: any TimeSource
  private let days: Int

  public init(store: any SessionStore, time: any TimeSource, days: Int) {
    self.store = store
    self.time = time
    self.days = days
  }

  /// Begins the deletion of what is due, except where a phone is still there. How many sessions there were.
  public func run(registry: SessionRegistry, worker: DeletionWorker) throws -> Int {
    let limit = time.utcMicroseconds() - Int64(days) * 86_400_000_000
    let due = try store.sessions(untouchedSince: limit).filter { !registry.isLive($0) }
    for session in due {
      try worker.begin(session)
      registry.forget(session)
    }
    try store.forgetDeletions(before: limit)
    return due.count
  }
}
