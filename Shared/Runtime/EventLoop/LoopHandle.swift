import Glibc
import Synchronization

/// The way for other threads to run something on the loop. Bounded: a full queue refuses instead of growing.
public final class LoopHandle: Sendable {
  private struct State {
    var posted: [@Sendable () -> Void] = []
    var isWoken = false
  }

  private let state = Mutex(State())
  private let loopThread = Atomic<UInt>(0)
  private let wakeDescriptor: Int32
  private let capacity = 65_536

  init(wakeDescriptor: Int32) { self.wakeDescriptor = wakeDescriptor }

  /// Runs `body` on the loop's thread soon. False when the queue is full: the caller sheds and counts.
  @discardableResult
  public func post(_ body: @escaping @Sendable () -> Void) -> Bool {
    let isAccepted = state.withLock { state in
      guard state.posted.count < capacity else { return false }
      state.posted.append(body)
      return true
    }
    if isAccepted { wake() }
    return isAccepted
  }

  func wake() {
    let mustSignal = state.withLock { state in
      defer { state.isWoken = true }
      return !state.isWoken
    }
    guard mustSignal else { return }
    var one: UInt64 = 1
    write(wakeDescriptor, &one, 8)
  }

  func drain() {
    var count: UInt64 = 0
    read(wakeDescriptor, &count, 8)
    let bodies = state.withLock { state in
      state.isWoken = false
      defer { state.posted = [] }
      return state.posted
    }
    for body in bodies { body() }
  }

  /// Stops the process when called off the loop's thread. The first caller decides which thread that is.
  public func assertOnLoop() {
    let here = UInt(pthread_self())
    let (exchanged, owner) = loopThread.compareExchange(expected: 0, desired: here, ordering: .relaxed)
    precondition(exchanged || owner == here, "the event loop and what it owns belong to one thread")
  }
}
