import Glibc
import Messages
import PoseEstimation
import Synchronization
import Timing

/// Makes engines over one set of models, which is loaded by whoever asks first.
final class ModelPoseEstimatorMaker: PoseEstimatorMaker {
  private let directory: String
  private let workers: Int
  private let models = Mutex<PoseModels?>(nil)

  init(directory: String, workers: Int) {
    self.directory = directory
    self.workers = max(1, workers)
  }

  func makeEstimator() throws(PoseError) -> any PoseEstimator {
    let models = try models.withLock { loaded throws(PoseError) -> PoseModels in
      if let loaded { return loaded }
      let made = try PoseModels(directory: directory, workers: workers)
      loaded = made
      return made
    }
    return ModelPoseEstimator(engine: try PoseEngine(models: models))
  }
}

private final class ModelPoseEstimator: PoseEstimator {
  private let engine: PoseEngine

  init(engine: PoseEngine) { self.engine = engine }

  func estimate(_ frame: TimedFrame, tracker: inout PoseTracker) throws(PoseError) -> PoseEstimate? {
    try frame.frame.withPayload { jpeg throws(PoseError) in
      try engine.estimate(jpeg: jpeg, atMicroseconds: frame.reading.time.microseconds, tracker: &tracker)
    }
  }
}

extension Observation2D {
  /// What leaves this service of a frame: an observation without joints says that nobody was in view.
  init(_ key: DeviceKey, _ job: PosePool.Job, _ pose: PoseEstimate?) {
    let header = job.frame.frame.header
    self.init(
      key: key, sequence: header.sequence, captured: job.frame.reading.time,
      clockErrorBoundMicroseconds: job.frame.reading.errorBoundMicroseconds, recorded: job.recorded,
      width: header.width, height: header.height, score: pose?.score ?? 0,
      joints: pose?.landmarks.map {
        Joint(x: $0.xPx, y: $0.yPx, confidence: min(max(min($0.visibility, $0.presence), 0), 1))
      } ?? [])
  }
}
