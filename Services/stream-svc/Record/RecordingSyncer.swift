/// A thread that asks the kernel to put recordings on the medium, so that a slow disk holds up nobody who writes.
///
/// An acknowledged frame is in the kernel's hands and survives the death of any process. Against a power failure it is
/// safe after at most the sync period (5 s) plus the time that the disk takes.
final class RecordingSyncer: Sendable {
  private struct Work: Sendable {
    var files: [any RecordingFileHandle] = []
    var isStopped = false
  }

  private let work = Monitor(Work())
  private let thread: WorkerThread

  init() {
    let work = work
    thread = WorkerThread("recorder-sync") {
      while true {
        let files = work.wait { work -> [any RecordingFileHandle]? in
          if work.isStopped { return [] }
          guard !work.files.isEmpty else { return nil }
          defer { work.files = [] }
          return work.files
        }
        if files.isEmpty { return }
        // A failed sync shows in the next write, which is reported.
        for file in files { try? file.synchronize() }
      }
    }
  }

  deinit { work.change { $0.isStopped = true } }

  /// Soon synchronises these files; those of an earlier call that still wait are among them or closed.
  func synchronize(_ files: [any RecordingFileHandle]) {
    work.change { $0.files = Array(($0.files + files).suffix(4096)) }
  }
}
