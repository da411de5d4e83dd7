import Messages
import Runtime
import Synchronization
import Timing

/// The loop's side of recording: hands frames to the recorder threads and brings their answers back.
///
/// Belongs to the loop's thread. A camera stays with one thread, so its frames stay in order.
final class Recorder {
  struct Configuration: Sendable {
    var root: String
    var threads = 1
    /// Room that recording leaves free.
    var reserveBytes: UInt64 = 256 << 20
    /// Frame bytes that may wait for one thread.
    var maximumQueuedBytes = 192 << 20
    var instance: UInt16
    var boot: BootID
  }

  var onEvent: (RecorderEvent) -> Void = { _ in }

  private let configuration: Configuration
  private var threads: [RecorderThread] = []
  private let outbox: Outbox
  private let syncer: RecordingSyncer
  private let time: any TimeSource
  private var nextRequest = 0
  private var closing: [Int: (session: SessionID, deletion: DeletionID, waitingFor: Int)] = [:]
  private var lists: [Int: ([RecordingFile]) -> Void] = [:]
  private var reads: [Int: (ReadRecording.Reply?) -> Void] = [:]
  private var finalTimes: [Int: (ReadFinalTimes.Reply) -> Void] = [:]
  private var deletions: [Int: (Result<DeleteRecordings.Reply, ServiceError>) -> Void] = [:]
  private var isMeasuring = false
  /// Bytes free on the recordings' disk when it was last measured.
  private(set) var freeBytes: UInt64?

  init(_ configuration: Configuration, loop: EventLoop, disk: any RecordingDisk = LocalDisk(), log: Log? = nil)
    throws(SystemError)
  {
    try makeDirectories(configuration.root)
    self.configuration = configuration
    outbox = Outbox(handle: loop.handle)
    let outbox = outbox
    time = loop.time
    syncer = RecordingSyncer { outbox.add(.sync($0)) }
    for number in 1...max(1, configuration.threads) {
      threads.append(
        RecorderThread(
          number: number,
          library: RecordingLibrary(
            root: configuration.root, instance: configuration.instance, boot: configuration.boot, log: log),
          reserveBytes: configuration.reserveBytes,
          maximumFrameBytes: configuration.maximumQueuedBytes, disk: disk, time: loop.time, syncer: syncer
        ) { outbox.add($0) })
    }
    outbox.deliver = LoopBound({ [weak self] in self?.deliver() }, on: loop)
    tidyRemovals()
  }

  /// Once in a while: finishes what other processes left of deleted sessions, and forgets what was told of them.
  func tidyRemovals() { threads[0].send(.tidyRemovals) }

  func open(_ camera: CameraNumber, _ key: DeviceKey, anchor: UTCAnchor) {
    let place = SegmentPlace(
      folder: "\(configuration.root)/\(key.session.text)/\(key.device.text)", instance: configuration.instance,
      anchor: anchor, boot: configuration.boot)
    thread(of: camera).send(.open(camera, place, key))
  }

  /// False when the disk is so far behind that the frame was not taken.
  func record(_ frame: TimedFrame, of camera: CameraNumber) -> Bool {
    thread(of: camera).sendFrame(camera, frame)
  }

  func keep(_ sample: ClockSample, of camera: CameraNumber) { thread(of: camera).send(.clock(camera, sample)) }
  func close(_ camera: CameraNumber) { thread(of: camera).send(.close(camera)) }

  func list(_ session: SessionID, then body: @escaping ([RecordingFile]) -> Void) {
    nextRequest += 1
    lists[nextRequest] = body
    threads[0].send(.list(session, request: nextRequest))
  }

  /// nil: there is no such file.
  func read(_ wanted: ReadRecording, then body: @escaping (ReadRecording.Reply?) -> Void) {
    nextRequest += 1
    reads[nextRequest] = body
    threads[0].send(.read(wanted, request: nextRequest))
  }

  func readFinalTimes(_ wanted: ReadFinalTimes, then body: @escaping (ReadFinalTimes.Reply) -> Void) {
    nextRequest += 1
    finalTimes[nextRequest] = body
    threads[0].send(.finalTimes(wanted, request: nextRequest))
  }

  /// Closes the session's files in every thread, then removes them. An error says that something of it is still there.
  func delete(
    _ request: DeleteRecordings, then body: @escaping (Result<DeleteRecordings.Reply, ServiceError>) -> Void
  ) {
    nextRequest += 1
    deletions[nextRequest] = body
    closing[nextRequest] = (request.session, request.deletion, threads.count)
    for thread in threads { thread.send(.closeSession(request.session, request: nextRequest)) }
  }

  /// Asks how much is free. A disk that hangs is asked once, and holds up nobody here.
  func measure() {
    guard !isMeasuring else { return }
    isMeasuring = true
    threads[0].send(.measure)
  }

  /// What recordings may still take: free bytes less the reserve.
  var roomBytes: UInt64? { freeBytes.map { $0 - min($0, configuration.reserveBytes) } }

  /// Frame bytes that wait to be written.
  var queuedBytes: Int { threads.reduce(0) { $0 + $1.queue.withLock { $0.frameBytes } } }

  /// Files whose last sync failed: not known to be on the medium.
  var doubtfulFiles: Int { syncer.doubtfulFiles }

  /// Finishes every file and synchronises it, in `limit` altogether.
  /// - Returns: whether all was written, and how many files are not known to be on the medium.
  func stop(within limit: Duration) -> (isDone: Bool, unsyncedFiles: Int) {
    let deadline = time.now().advanced(by: limit)
    func rest() -> Duration { .microseconds(max(0, deadline - time.now())) }
    for thread in threads { thread.beginStop() }
    let isDone = threads.reduce(true) { $1.waitUntilStopped(atMost: rest()) && $0 }
    return (isDone, syncer.stop(within: rest()))
  }

  /// Brings back what the threads said. Also called by a timer, should a wake-up ever be refused.
  func deliver() {
    for event in outbox.take() {
      switch event {
      case .sessionClosed(let request): sessionClosed(request)
      case .listed(let request, let files): lists.removeValue(forKey: request)?(files)
      case .read(let request, let reply): reads.removeValue(forKey: request)?(reply)
      case .finalTimes(let request, let reply): finalTimes.removeValue(forKey: request)?(reply)
      case .deleted(let request, let outcome): deletions.removeValue(forKey: request)?(outcome)
      case .measured(let bytes):
        isMeasuring = false
        freeBytes = bytes
      default: onEvent(event)
      }
    }
  }

  private func sessionClosed(_ request: Int) {
    guard var state = closing[request] else { return }
    state.waitingFor -= 1
    closing[request] = state
    guard state.waitingFor == 0 else { return }
    closing[request] = nil
    threads[0].send(.delete(state.session, state.deletion, request: request))
  }

  private func thread(of camera: CameraNumber) -> RecorderThread { threads[camera % threads.count] }
}

/// What the recorder threads have to say, until the loop takes it.
private final class Outbox: Sendable {
  private struct State {
    var events: [RecorderEvent] = []
    var deliver: LoopBound<() -> Void>?
  }

  private let state = Mutex(State())
  private let handle: LoopHandle

  init(handle: LoopHandle) { self.handle = handle }

  var deliver: LoopBound<() -> Void>? {
    get { state.withLock { $0.deliver } }
    set { state.withLock { $0.deliver = newValue } }
  }

  func add(_ event: RecorderEvent) {
    let deliver = state.withLock { state in
      state.events.append(event)
      // One wake-up for all that gathers until the loop comes.
      return state.events.count == 1 ? state.deliver : nil
    }
    guard let deliver else { return }
    handle.post { deliver.withValue { $0() } }
  }

  func take() -> [RecorderEvent] {
    state.withLock { state in
      defer { state.events = [] }
      return state.events
    }
  }
}
