import Bus
import Glibc
import Messages
import PoseEstimation
import Runtime
import Timing

/// The loop's side of pose estimation: hands recorded frames to the pool, sends what it finds to edge-gateway.
///
/// Belongs to the loop's thread.
final class PoseDesk {
  enum Result { case estimated, failed }

  /// What became of a camera's frame that was queued and not passed over.
  var onResult: (CameraNumber, Result) -> Void = { _, _ in }

  private let log: Log
  private let metrics: StreamMetrics
  private let push: (BusMessage) -> Bool
  private var pool: PosePool?
  private var keys: [CameraNumber: DeviceKey] = [:]
  private var newest: [CameraNumber: SessionTime] = [:]
  private(set) var unavailable: String?

  /// - Parameters:
  ///   - threads: 0 turns poses off.
  ///   - push: sends an encoded `Observation2D`; false when it was shed.
  init(
    loop: EventLoop, log: Log, metrics: StreamMetrics, threads: Int, maker: any PoseEstimatorMaker,
    push: @escaping (BusMessage) -> Bool
  ) {
    self.log = log
    self.metrics = metrics
    self.push = push
    guard threads > 0 else {
      log.info("poses_off", (.reason, "AXOLOTL_POSE_THREADS is 0"))
      return
    }
    let handle = loop.handle
    let desk = LoopBound({ [weak self] (outcome: PosePool.Outcome) in self?.take(outcome) }, on: loop)
    pool = PosePool(threads: threads, maker: maker, time: loop.time) { outcome in
      // A full loop loses a live pose, nothing that was acknowledged.
      handle.post { desk.withValue { $0(outcome) } }
    }
  }

  func prepare() { pool?.prepare() }

  /// Queues a recorded frame. Returns how many frames were passed over: older than one already queued, without a clock,
  /// or displaced by this one.
  func submit(_ frame: TimedFrame, of camera: CameraNumber, key: DeviceKey, recorded: SessionTime) -> Int {
    guard let pool else { return 1 }
    var shed = 1
    if !frame.reading.isProvisional, newest[camera].map({ frame.reading.time > $0 }) ?? true {
      newest[camera] = frame.reading.time
      keys[camera] = key
      shed = pool.submit(PosePool.Job(camera: camera, frame: frame, recorded: recorded))
    }
    metrics.posesShed.increment(by: shed)
    return shed
  }

  /// The camera's connection ended. Returns how many of its frames are passed over for it.
  func forget(_ camera: CameraNumber) -> Int {
    newest[camera] = nil
    keys[camera] = nil
    let shed = pool?.forget(camera) ?? 0
    metrics.posesShed.increment(by: shed)
    return shed
  }

  var waiting: Int { pool?.waiting ?? 0 }

  func stop(within limit: Duration) -> Bool { pool?.stop(within: limit) ?? true }

  private func take(_ outcome: PosePool.Outcome) {
    switch outcome {
    case .loaded(let microseconds): log.info("pose_models_loaded", (.milliseconds, microseconds / 1000))
    case .unavailable(let error):
      unavailable = error.description
      log.error("poses_off", (.code, error.code), (.reason, error.description))
    case .failed(let job, let error):
      metrics.posesFailed.increment()
      onResult(job.camera, .failed)
      if !error.concernsOneFrame { log.warning("pose_failed", (.code, error.code), (.error, error.description)) }
    case .estimated(let job, let pose, let microseconds):
      metrics.poseSeconds.observe(Double(microseconds) / 1e6)
      pose == nil ? metrics.posesEmpty.increment() : metrics.posesEstimated.increment()
      onResult(job.camera, .estimated)
      guard let key = keys[job.camera] else { return }
      let bytes = Observation2D(key, job, pose).encoded()
      if !push(bytes.withUnsafeBytes { BusMessage(copying: $0) }) { metrics.observationsShed.increment() }
    }
  }
}
