/// Why a pose could not be estimated. The JPEG cases concern one frame and leave the engine usable; the others say what
/// to repair before the service can start.
public enum PoseError: Error, Equatable, Sendable {
  /// A model file is not there or cannot be read; `path` is where it was looked for.
  case modelMissing(path: String)
  /// The file is there but is not the model expected; `reason` says what differs.
  case modelUnexpected(path: String, reason: String)
  /// OpenVINO refused a call; `reason` is its own message.
  case inferenceFailed(call: String, reason: String)
  /// The temporary copy of the landmark model could not be written.
  case temporaryFileFailed(directory: String, errno: Int32)
  /// The bytes are no JPEG.
  case notJPEG(reason: String)
  /// A JPEG that is cut short or corrupt.
  case damagedJPEG(reason: String)
  /// A sound JPEG of a kind that cameras do not send, such as CMYK.
  case unsupportedJPEG(reason: String)
  /// The picture has more than `limit` pixels, or is smaller than 16 pixels across.
  case frameSizeRefused(width: Int, height: Int, limit: Int)

  /// A stable identifier for logs, metrics and replies.
  public var code: String {
    switch self {
    case .modelMissing: "pose_model_missing"
    case .modelUnexpected: "pose_model_unexpected"
    case .inferenceFailed: "pose_inference_failed"
    case .temporaryFileFailed: "pose_temporary_file_failed"
    case .notJPEG: "frame_not_jpeg"
    case .damagedJPEG: "frame_damaged"
    case .unsupportedJPEG: "frame_unsupported"
    case .frameSizeRefused: "frame_size_refused"
    }
  }

  /// Whether the fault lies in the frame, so that the next frame may well succeed.
  public var concernsOneFrame: Bool {
    switch self {
    case .notJPEG, .damagedJPEG, .unsupportedJPEG, .frameSizeRefused: true
    case .modelMissing, .modelUnexpected, .inferenceFailed, .temporaryFileFailed: false
    }
  }
}

extension PoseError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .modelMissing(let path):
      "the pose model \(path) is missing or unreadable; run `make setup`, or name its folder in AXOLOTL_MODELS_DIRECTORY"
    case .modelUnexpected(let path, let reason):
      "\(path) is not the expected pose model (\(reason)); delete it and run `make setup` to install it again"
    case .inferenceFailed(let call, let reason):
      "OpenVINO's \(call) failed: \(reason); check that its libraries are complete (`make setup`)"
    case .temporaryFileFailed(let directory, let errno):
      "cannot write a temporary file in \(directory) (errno \(errno)); make it writable and free some space there"
    case .notJPEG(let reason):
      "the frame is not a JPEG (\(reason)); send baseline or progressive JPEG"
    case .damagedJPEG(let reason):
      "the JPEG is damaged (\(reason)); send the frame again, complete"
    case .unsupportedJPEG(let reason):
      "this kind of JPEG is not supported (\(reason)); send YCbCr or grey JPEG"
    case .frameSizeRefused(let width, let height, let limit):
      "a frame of \(width)×\(height) pixels is refused; send between 16×16 and \(limit) pixels in all"
    }
  }
}
