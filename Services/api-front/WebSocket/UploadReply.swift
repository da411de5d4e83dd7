import FoundationEssentials
import Messages

/// What stream-svc's words to a phone mean for an upload that waits.
enum UploadReply: Equatable {
  /// The frame is on disk, as is everything up to and including this number.
  case recorded(through: UInt32)
  /// The lowest number that is not on disk: said on a link that was opened, and after every hello.
  case wanted(UInt32)
  case refused(ServiceError)

  private struct Message: Decodable {
    let type: String
    let seq: UInt32?
    let nextSequence: UInt32?
    let code: String?
    let message: String?

    enum CodingKeys: String, CodingKey {
      case type, seq, code, message
      case nextSequence = "next_seq"
    }
  }

  /// What is not the frame's fault but the server's: the same upload is good later.
  private static let passing: Set = ["disk_full", "recording_failed", "recording_behind", "device_busy_elsewhere"]

  /// nil for words that say nothing about frames.
  init?(_ text: [UInt8]) {
    guard let message = try? JSONDecoder().decode(Message.self, from: Data(text)) else { return nil }
    switch message.type {
    case "ack":
      guard let sequence = message.seq else { return nil }
      self = .recorded(through: sequence)
    case "welcome":
      guard let next = message.nextSequence, next > 0 else { return nil }
      self = .wanted(next)
    case "error":
      self = .refused(
        ServiceError(
          code: message.code ?? "frame_refused", message: message.message ?? "The frame was refused.",
          status: message.code.map(Self.passing.contains) == true ? 503 : 400))
    default: return nil
    }
  }
}
