/// The two pose models, compiled and ready: `pose_detection.tflite` finds a person in a frame,
/// `pose_landmark_full.tflite` finds 33 landmarks in a region around one. Both come unchanged from the wheel
/// `mediapipe` 0.10.14 (Apache-2.0).
///
/// Load them once per process and hand them to every worker, which makes a `PoseEngine` of its own.
public final class PoseModels: Sendable {
  static let detectorSide = 224
  static let landmarkSide = 256
  static let detectorFile = "pose_detection.tflite"
  static let landmarkFile = "pose_landmark_full.tflite"
  /// The landmark model's third output, a 256×256 segmentation mask that costs a fifth of the inference.
  static let segmentationValues = 256 * 256

  let detector: CompiledModel
  let landmarks: CompiledModel

  /// Reads and compiles the models; takes a second or so.
  ///
  /// - Parameters:
  ///   - directory: the folder with both files.
  ///   - workers: how many engines will run at the same time, each on one thread.
  public init(directory: String, workers: Int = 1) throws(PoseError) {
    precondition(workers > 0, "there must be at least one worker")
    let core = try InferenceCore()
    let detectorPath = directory + "/" + Self.detectorFile
    let landmarkPath = directory + "/" + Self.landmarkFile
    _ = try ModelFile.read(detectorPath)
    detector = try CompiledModel(core: core, path: detectorPath, streams: workers)
    let original = try ModelFile.read(landmarkPath)
    let pruned: [UInt8]
    do {
      pruned = try TFLiteOutputs.removing(valuesPerOutput: Self.segmentationValues, from: original)
    } catch {
      throw .modelUnexpected(path: landmarkPath, reason: error.description)
    }
    let temporary = try TemporaryModelFile(pruned)
    landmarks = try withExtendedLifetime(temporary) { () throws(PoseError) in
      try CompiledModel(core: core, path: landmarkPath, readFrom: temporary.path, streams: workers)
    }
  }
}
