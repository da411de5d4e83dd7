import CLinux
import Glibc
import Timing

/// The one thread of a process that owns its sockets, its timers and its database.
///
/// Everything registered here is called back on the thread that runs the loop, one callback at a time. The whole loop
/// hides behind one descriptor (`pollDescriptor`), so that another library's loop can drive it with `runOnce()`.
/// Not thread-safe and not `Sendable`; other threads reach it only through `handle`.
public final class EventLoop {
  public let time: any TimeSource
  public let handle: LoopHandle

  private let epoll: OwnedDescriptor
  private let wake: OwnedDescriptor
  private let timer: OwnedDescriptor
  private var readers: [Int32: () -> Void] = [:]
  private var timers = TimerQueue()
  private var armedFor = SessionTime.distantFuture
  private var lateChecks: [() -> Bool] = []
  private var isInsideIteration = false
  /// Whether `finishTurn` is called after each turn of an outer loop.
  private var hasOuterLoop = false
  private var isIterationDue = false
  private var isStopped = false

  public init(time: any TimeSource = SystemTimeSource()) throws(SystemError) {
    self.time = time
    epoll = OwnedDescriptor(try systemCall("epoll_create1") { epoll_create1(Int32(EPOLL_CLOEXEC)) })
    wake = OwnedDescriptor(
      try systemCall("eventfd") { eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)) })
    timer = OwnedDescriptor(
      try systemCall("timerfd_create") {
        timerfd_create(CLOCK_MONOTONIC, Int32(TFD_CLOEXEC | TFD_NONBLOCK))
      })
    handle = LoopHandle(wakeDescriptor: wake.number)
    try register(wake.number)
    try register(timer.number)
  }

  /// Readable whenever `runOnce()` has something to do.
  public var pollDescriptor: Int32 { epoll.number }

  // MARK: What wakes it

  /// Calls `onReadable` whenever `descriptor` has input (level-triggered). The loop does not own the descriptor.
  public func watch(_ descriptor: Int32, onReadable: @escaping () -> Void) throws(SystemError) {
    handle.assertOnLoop()
    try register(descriptor)
    readers[descriptor] = onReadable
  }

  public func unwatch(_ descriptor: Int32) {
    handle.assertOnLoop()
    guard readers.removeValue(forKey: descriptor) != nil else { return }
    epoll_ctl(epoll.number, EPOLL_CTL_DEL, descriptor, nil)
  }

  @discardableResult
  public func after(_ delay: Duration, _ body: @escaping () -> Void) -> TimerID {
    handle.assertOnLoop()
    let id = timers.add(at: time.now().advanced(by: delay), repeating: nil, body)
    armTimer()
    return id
  }

  @discardableResult
  public func every(_ period: Duration, _ body: @escaping () -> Void) -> TimerID {
    handle.assertOnLoop()
    let id = timers.add(at: time.now().advanced(by: period), repeating: period, body)
    armTimer()
    return id
  }

  public func cancel(_ id: TimerID) {
    handle.assertOnLoop()
    timers.cancel(id)
  }

  /// Adds a check that runs at the end of every iteration and says whether it found work.
  ///
  /// ZeroMQ's descriptors are edge-triggered: whoever sends or receives must look again before sleeping.
  public func addLateCheck(_ check: @escaping () -> Bool) { lateChecks.append(check) }

  /// Makes sure another iteration follows soon. For code that touched a socket outside an iteration.
  public func scheduleIteration() {
    guard !isInsideIteration else { return }
    if hasOuterLoop { isIterationDue = true } else { handle.wake() }
  }

  // MARK: Running

  /// Serves everything that is ready, waiting at most `limit` for something to become so.
  public func runOnce(waitingAtMost limit: Duration = .zero) {
    handle.assertOnLoop()
    isInsideIteration = true
    defer { isInsideIteration = false }
    withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 64) { events in
      let milliseconds = Int32(clamping: (limit.wholeMicroseconds + 999) / 1000)
      let count = epoll_wait(epoll.number, events.baseAddress!, 64, milliseconds)
      for index in 0..<max(0, Int(count)) { dispatch(events[index].data.fd) }
    }
    fireTimers()
    runLateChecks()
  }

  /// For the outer loop that drives this one, after each of its turns, before it waits: does at once what was scheduled
  /// meanwhile, which would else cost a wake-up through the kernel.
  public func finishTurn() {
    handle.assertOnLoop()
    hasOuterLoop = true
    guard isIterationDue else { return }
    isIterationDue = false
    isInsideIteration = true
    defer { isInsideIteration = false }
    runLateChecks()
  }

  /// Runs until `stop()`.
  public func run() {
    isStopped = false
    while !isStopped { runOnce(waitingAtMost: .seconds(60)) }
  }

  public func stop() {
    isStopped = true
    handle.wake()
  }

  private func dispatch(_ descriptor: Int32) {
    if descriptor == wake.number {
      handle.drain()
    } else if descriptor == timer.number {
      var expirations: UInt64 = 0
      read(timer.number, &expirations, 8)
      armedFor = .distantFuture
    } else {
      readers[descriptor]?()
    }
  }

  private func fireTimers() {
    // Only what is due now: a timer that re-adds itself with no delay must not starve the sockets.
    let now = time.now()
    while let body = timers.popDue(now) { body() }
    armTimer()
  }

  private func runLateChecks() {
    // Bounded: with work still left another iteration follows, after the descriptors had their turn.
    for _ in 0..<8 {
      var foundWork = false
      for check in lateChecks where check() { foundWork = true }
      if !foundWork { return }
    }
    handle.wake()
  }

  private func armTimer() {
    let next = timers.nextDeadline ?? .distantFuture
    guard next < armedFor else { return }
    armedFor = next
    let wait = max(1, next - time.now())
    var setting = itimerspec()
    setting.it_value.tv_sec = Int(wait / 1_000_000)
    setting.it_value.tv_nsec = Int(wait % 1_000_000) * 1000
    timerfd_settime(timer.number, 0, &setting, nil)
  }

  private func register(_ descriptor: Int32) throws(SystemError) {
    var event = epoll_event()
    event.events = EPOLLIN.rawValue
    event.data.fd = descriptor
    try systemCall("epoll_ctl") { epoll_ctl(epoll.number, EPOLL_CTL_ADD, descriptor, &event) }
  }
}
