import FoundationEssentials
import Timing

/// One segment of a device's recording: a Matroska file and its index.
public struct RecordingFile: Codable, Hashable, Sendable {
  public let device: DeviceID
  /// Relative to the session's folder: `<device>/0001.mkv`.
  public let path: String
  public let indexPath: String
  /// Absent until the frames' times were corrected afterwards.
  public let timesPath: String?
  public let frames: Int
  public let bytes: Int
  public let firstSequence: UInt32
  public let lastSequence: UInt32

  public init(
    device: DeviceID, path: String, indexPath: String, timesPath: String?, frames: Int, bytes: Int,
    firstSequence: UInt32, lastSequence: UInt32
  ) {
    self.device = device
    self.path = path
    self.indexPath = indexPath
    self.timesPath = timesPath
    self.frames = frames
    self.bytes = bytes
    self.firstSequence = firstSequence
    self.lastSequence = lastSequence
  }

  /// Everything that can be read of it.
  public var paths: [String] { [path, indexPath] + (timesPath.map { [$0] } ?? []) }

  enum CodingKeys: String, CodingKey {
    case device = "device_id"
    case path, frames, bytes
    case indexPath = "index_path"
    case timesPath = "times_path"
    case firstSequence = "first_sequence"
    case lastSequence = "last_sequence"
  }
}

/// The recordings that one stream-svc instance holds of a session. Corrected times that nobody came to make are made first.
public struct ListRecordings: ServiceRequest {
  public struct Reply: Codable, Sendable {
    public let files: [RecordingFile]
    public init(files: [RecordingFile]) { self.files = files }
  }
  public static let name = "recordings.list"

  public let session: SessionID
  public init(session: SessionID) { self.session = session }
}

/// A piece of a recording, its index or its corrected times, as it is on disk now. A file that is still being written grows.
public struct ReadRecording: ServiceRequest {
  public struct Reply: Codable, Sendable {
    /// At most `maximumPiece` bytes; empty at the end.
    public let piece: Data
    /// Bytes of the whole file when this piece was read.
    public let fileBytes: Int
    public init(piece: Data, fileBytes: Int) {
      self.piece = piece
      self.fileBytes = fileBytes
    }
  }
  public static let name = "recordings.read"
  public static let maximumPiece = 1024 * 1024

  public let session: SessionID
  /// One of a `RecordingFile`'s paths; anything else is refused.
  public let path: String
  public let offset: Int

  public init(session: SessionID, path: String, offset: Int) {
    self.session = session
    self.path = path
    self.offset = offset
  }
}

/// Closes and removes all recordings of a session.
public struct DeleteRecordings: ServiceRequest {
  /// What this deletion has removed in all: also before the instance was killed, and by instances that share the folder.
  public struct Reply: Codable, Sendable {
    public let files: Int
    public let bytes: Int
    public init(files: Int, bytes: Int) {
      self.files = files
      self.bytes = bytes
    }
  }
  public static let name = "recordings.delete"
  public static let deadline = Duration.seconds(5)

  public let session: SessionID
  public let deletion: DeletionID
  public init(session: SessionID, deletion: DeletionID) {
    self.session = session
    self.deletion = deletion
  }
}

extension ServiceError {
  public static let unknownRecording = ServiceError.notFound(
    "unknown_recording", "There is no such file. GET …/recordings lists those there are.")
}
