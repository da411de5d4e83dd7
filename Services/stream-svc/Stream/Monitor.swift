import CLinux
import Glibc

/// A lock with a condition: how the loop hands work to a thread that sleeps until there is some.
///
/// `@unchecked Sendable` holds because `state` is only touched with the mutex held, and is itself `Sendable`.
final class Monitor<State: Sendable>: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private var state: State

  init(_ state: State) {
    self.state = state
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  func withLock<Result>(_ body: (inout State) -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body(&state)
  }

  /// Changes the state and wakes those who wait.
  func change<Result>(_ body: (inout State) -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer {
      pthread_cond_broadcast(condition)
      pthread_mutex_unlock(mutex)
    }
    return body(&state)
  }

  /// Sleeps until `take` finds something.
  func wait<Result>(for take: (inout State) -> Result?) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = take(&state) { return result }
      pthread_cond_wait(condition, mutex)
    }
  }

  /// Sleeps until `take` finds something, at most for `limit`; nil then.
  func wait<Result>(atMost limit: Duration, for take: (inout State) -> Result?) -> Result? {
    var deadline = timespec()
    clock_gettime(CLOCK_MONOTONIC, &deadline)
    let limit = max(.zero, limit)
    let nanoseconds = deadline.tv_nsec + Int(limit.components.attoseconds / 1_000_000_000)
    deadline.tv_sec += Int(limit.components.seconds) + nanoseconds / 1_000_000_000
    deadline.tv_nsec = nanoseconds % 1_000_000_000
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = take(&state) { return result }
      if pthread_cond_timedwait(condition, mutex, &deadline) == ETIMEDOUT { return take(&state) }
    }
  }
}

/// A thread that runs one function to its end.
final class WorkerThread: Sendable {
  private let isDone = Monitor(false)

  /// - Parameter name: shown by `top -H`; at most 15 bytes.
  init(_ name: String, _ body: @escaping @Sendable () -> Void) {
    final class Start {
      let run: @Sendable () -> Void
      init(run: @escaping @Sendable () -> Void) { self.run = run }
    }
    let isDone = isDone
    let start = Start {
      pthread_setname_np(pthread_self(), name)
      body()
      isDone.change { $0 = true }
    }
    var thread = pthread_t()
    let result = pthread_create(
      &thread, nil,
      { argument in
        Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(start).toOpaque())
    precondition(result == 0, "the system has no thread left for \(name)")
    pthread_detach(thread)
  }

  /// False when it still runs after `limit`.
  func waitUntilDone(atMost limit: Duration) -> Bool {
    isDone.wait(atMost: limit) { $0 ? true : nil } ?? false
  }
}
