import Glibc
import Messages
import Timing

/// What a recorder thread does with its commands. Lives on that thread.
final class RecorderDesk {
  private struct Camera {
    let folder: DeviceFolder
    let key: DeviceKey
    var batch: [TimedFrame] = []
    /// After a failed write: not tried again before.
    var suspendedUntil = SessionTime.zero
    var suspension: DiskFailure?
  }

  /// Frames of one camera written in one go: enough to save system calls, few enough to acknowledge soon.
  static let maximumBatch = 32
  /// Of one camera; of more, the newest.
  static let maximumEarly = 256
  private static let retryPause = Duration.seconds(1)
  private static let correctionPatience = Duration.seconds(2)

  private let library: RecordingLibrary
  private var list: RecordingList
  private var finalTimes: FinalTimesShelf
  private let reserveBytes: UInt64
  private let disk: any RecordingDisk
  private let time: any TimeSource
  private let syncer: RecordingSyncer
  private let emit: (RecorderEvent) -> Void
  private var cameras: [CameraNumber: Camera] = [:]
  /// Exchanges of cameras whose folders could not be opened yet, and will be tried again.
  private var early: [CameraNumber: [ClockSample]] = [:]
  private var withFrames: [CameraNumber] = []
  private var reserveCheckedAt: SessionTime?
  private var isBelowReserve = false
  private let syncPeriod: Duration
  private var nextSync: SessionTime

  init(
    library: RecordingLibrary, reserveBytes: UInt64, disk: any RecordingDisk, time: any TimeSource,
    syncer: RecordingSyncer, syncPeriod: Duration = .seconds(5), emit: @escaping (RecorderEvent) -> Void
  ) {
    self.library = library
    list = RecordingList(library, time: time)
    finalTimes = FinalTimesShelf(library)
    self.reserveBytes = reserveBytes
    self.disk = disk
    self.time = time
    self.syncer = syncer
    self.emit = emit
    self.syncPeriod = syncPeriod
    nextSync = time.now().advanced(by: syncPeriod)
  }

  func serve(_ command: RecorderCommand) {
    switch command {
    case .open(let camera, let place, let key): open(camera, place, key)
    case .frame(let camera, let frame): add(frame, to: camera)
    case .clock(let camera, let sample): keep(sample, of: camera)
    case .close(let camera): close(camera)
    case .closeSession(let session, let request):
      for (camera, open) in cameras where open.key.session == session { close(camera) }
      emit(.sessionClosed(request: request))
    case .list(let session, let request):
      emit(.listed(request: request, list.files(of: session)))
    case .read(let wanted, let request):
      emit(.read(request: request, library.read(wanted)))
    case .finalTimes(let wanted, let request):
      emit(.finalTimes(request: request, finalTimes.reply(to: wanted, at: time.now())))
    case .delete(let session, let deletion, let request):
      finalTimes.forget(session)
      emit(.deleted(request: request, library.remove(session, for: deletion)))
    case .tidyRemovals: library.tidyRemovals()
    case .measure:
      finalTimes.forgetUnused(at: time.now())
      emit(.measured(freeBytes: try? disk.freeBytes(in: library.root)))
    }
  }

  /// Writes every camera's waiting frames.
  func flush() {
    for camera in withFrames { flush(camera) }
    withFrames.removeAll(keepingCapacity: true)
    let now = time.now()
    guard now >= nextSync else { return }
    nextSync = now.advanced(by: syncPeriod)
    syncer.synchronize(cameras.values.flatMap { $0.folder.takeUnsynced() })
  }

  /// How long nothing has to be done if no command comes; nil: for ever.
  var pauseBeforeSync: Duration? {
    guard cameras.values.contains(where: \.folder.hasUnsynced) else { return nil }
    return .microseconds(max(0, nextSync - time.now()))
  }

  /// The process ends, soon: all files are finished first. What is not corrected in time is when somebody asks for it
  /// (`RecordingLibrary.finalTimes`, `RecordingList`), or when the phone's next connection ends.
  func closeAll() {
    let patience = time.now().advanced(by: Self.correctionPatience)
    for camera in cameras.keys.sorted() {
      flush(camera)
      try? cameras[camera]?.folder.finishSegments()
    }
    for camera in cameras.keys.sorted() { close(camera, correctingTimes: time.now() < patience) }
  }

  private func open(_ camera: CameraNumber, _ place: SegmentPlace, _ key: DeviceKey) {
    do throws(DeviceFolder.OpenFailure) {
      let folder = try DeviceFolder(place, disk: disk, reserveBytes: reserveBytes)
      cameras[camera] = Camera(folder: folder, key: key)
      for sample in early.removeValue(forKey: camera) ?? [] { keep(sample, of: camera) }
      emit(.opened(camera, folder.contents))
    } catch {
      emit(.openFailed(camera, error))
    }
  }

  private func keep(_ sample: ClockSample, of camera: CameraNumber) {
    guard let folder = cameras[camera]?.folder else {
      early[camera] = (early[camera] ?? []).suffix(Self.maximumEarly - 1) + [sample]
      return
    }
    // Losing one costs a little precision, not a frame; without any, the times of the index stand.
    try? folder.append(sample)
  }

  private func close(_ camera: CameraNumber, correctingTimes: Bool = true) {
    early[camera] = nil
    flush(camera)
    if let open = cameras.removeValue(forKey: camera) {
      // A file without trailer is still good; the next opening recovers it.
      try? open.folder.finishSegments()
      // From here on nobody else knows of them.
      syncer.synchronize(open.folder.takeUnsynced())
      if correctingTimes, !isBelowReserve { correctTimes(in: open.folder) }
    }
    emit(.closed(camera))
  }

  private func correctTimes(in folder: DeviceFolder) {
    do throws(DiskFailure) {
      try folder.correctTimes()
    } catch {
      library.tell(error, of: folder.path)
    }
  }

  private func add(_ frame: TimedFrame, to camera: CameraNumber) {
    guard let waiting = cameras[camera]?.batch.count else {
      return emit(.wrote(camera, lost([frame], to: DiskFailure(operation: "closed", errno: EBADF))))
    }
    if waiting == 0 { withFrames.append(camera) }
    cameras[camera]!.batch.append(frame)
    if waiting + 1 >= Self.maximumBatch { flush(camera) }
  }

  private func flush(_ number: CameraNumber) {
    guard let camera = cameras[number], !camera.batch.isEmpty else { return }
    cameras[number]!.batch = []
    let began = time.now()
    checkReserve(at: began)
    if isBelowReserve {
      try? camera.folder.finishSegments()
      return emit(.wrote(number, lost(camera.batch, to: .belowReserve)))
    }
    if let suspension = camera.suspension, began < camera.suspendedUntil {
      return emit(.wrote(number, lost(camera.batch, to: suspension)))
    }
    let (recorded, failure) = camera.folder.record(camera.batch)
    let ended = time.now()
    cameras[number]!.suspension = failure
    cameras[number]!.suspendedUntil = ended.advanced(by: Self.retryPause)
    let saved = Set(recorded.map(\.sequence))
    emit(
      .wrote(
        number,
        WriteOutcome(
          recorded: recorded, failed: failure == nil ? [] : camera.batch.map(\.sequence).filter { !saved.contains($0) },
          failure: failure, at: ended, flushMicroseconds: ended - began)))
  }

  private func lost(_ frames: [TimedFrame], to failure: DiskFailure) -> WriteOutcome {
    WriteOutcome(
      recorded: [], failed: frames.map(\.sequence), failure: failure, at: time.now(), flushMicroseconds: 0)
  }

  private func checkReserve(at now: SessionTime) {
    if let reserveCheckedAt, now - reserveCheckedAt < Self.retryPause.wholeMicroseconds { return }
    reserveCheckedAt = now
    // When the file system does not say, writing will tell.
    let free = (try? disk.freeBytes(in: library.root)) ?? .max
    isBelowReserve = free < reserveBytes
  }
}
