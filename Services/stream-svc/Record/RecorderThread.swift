import Messages
import Timing

/// One thread that writes the recordings of its cameras.
///
/// It takes all that waits at once, groups it by camera, and writes each camera's frames in one go: the busier the disk,
/// the larger the groups. The loop never waits for it.
final class RecorderThread: Sendable {
  struct Queue: Sendable {
    var commands: [RecorderCommand] = []
    var frameBytes = 0
    var isStopped = false
  }

  let queue = Monitor(Queue())
  private let maximumFrameBytes: Int
  private let thread: WorkerThread

  init(
    number: Int, library: RecordingLibrary, reserveBytes: UInt64, maximumFrameBytes: Int, disk: any RecordingDisk,
    time: any TimeSource, syncer: RecordingSyncer, syncPeriod: Duration = .seconds(5),
    emit: @escaping @Sendable (RecorderEvent) -> Void
  ) {
    self.maximumFrameBytes = maximumFrameBytes
    let queue = queue
    thread = WorkerThread("recorder-\(number)") {
      let desk = RecorderDesk(
        library: library, reserveBytes: reserveBytes, disk: disk, time: time, syncer: syncer, syncPeriod: syncPeriod,
        emit: emit)
      while true {
        let (commands, isStopped) = Self.next(queue, waitingAtMost: desk.pauseBeforeSync)
        for command in commands {
          desk.serve(command)
          if case .frame(_, let frame) = command {
            queue.withLock { $0.frameBytes -= frame.frame.message.count }
          }
        }
        desk.flush()
        if isStopped {
          desk.closeAll()
          return
        }
      }
    }
  }

  /// What waits. Nothing when nothing came for so long: what was written last has to be synchronised all the same.
  private static func next(
    _ queue: Monitor<Queue>, waitingAtMost limit: Duration?
  ) -> (commands: [RecorderCommand], isStopped: Bool) {
    func take(_ queue: inout Queue) -> ([RecorderCommand], Bool)? {
      guard !queue.commands.isEmpty || queue.isStopped else { return nil }
      defer { queue.commands = [] }
      return (queue.commands, queue.isStopped)
    }
    guard let limit else { return queue.wait(for: take) }
    return queue.wait(atMost: limit, for: take) ?? ([], false)
  }

  func send(_ command: RecorderCommand) { queue.change { $0.commands.append(command) } }

  /// False when as many bytes wait as may: the disk is slower than the phones.
  func sendFrame(_ camera: CameraNumber, _ frame: TimedFrame) -> Bool {
    queue.change { queue in
      guard queue.frameBytes < maximumFrameBytes else { return false }
      queue.frameBytes += frame.frame.message.count
      queue.commands.append(.frame(camera, frame))
      return true
    }
  }

  /// Writes what waits, finishes every file and ends. Does not wait for it.
  func beginStop() { queue.change { $0.isStopped = true } }

  /// False when it still runs after `limit`.
  func waitUntilStopped(atMost limit: Duration) -> Bool { thread.waitUntilDone(atMost: limit) }
}
