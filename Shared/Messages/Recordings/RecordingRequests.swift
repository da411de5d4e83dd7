import FoundationEssentials
import Timing

/// One segment of a device's recording: a Matroska file and its index.
public struct RecordingFile: Codable, Hashable, Sendable {
  public let device: DeviceID
  /// Relative to the session's folder: `<device>/0001.mkv`.
  public let path: String
  public let frames: Int
  public let bytes: Int
  public let firstSequence: UInt32
  public let lastSequence: UInt32

  public init(device: DeviceID, path: String, frames: Int, bytes: Int, firstSequence: UInt32, lastSequence: UInt32) {
    self.device = device
    self.path = path
    self.frames = frames
    self.bytes = bytes
    self.firstSequence = firstSequence
    self.lastSequence = lastSequence
  }

  enum CodingKeys: String, CodingKey {
    case device = "device_id"
    case path, frames, bytes
    case firstSequence = "first_sequence"
    case lastSequence = "last_sequence"
  }
}

/// The recordings that one stream-svc instance holds of a session.
public struct ListRecordings: ServiceRequest {
  public struct Reply: Codable, Sendable {
    public let files: [RecordingFile]
    public init(files: [RecordingFile]) { self.files = files }
  }
  public static let name = "recordings.list"

  public let session: SessionID
  public init(session: SessionID) { self.session = session }
}

/// A piece of a recording or of its index, as it is on disk now. A file that is still being written grows.
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
  /// A `RecordingFile.path`, or the same with the ending of its index; anything else is refused.
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
  public init(session: SessionID) { self.session = session }
}

extension ServiceError {
  public static let unknownRecording = ServiceError.notFound(
    "unknown_recording", "There is no such file. GET …/recordings lists those there are.")
}
