import Messages

/// Why a frame was not taken: a stable code and a sentence for whoever reads the phone's console.
struct FrameRefusal: Error, Equatable, Sendable {
  let code: String
  let message: String

  static func unreadable(_ failure: DecodingFailure) -> FrameRefusal {
    switch failure {
    case .tooLarge(let field, let limit):
      FrameRefusal(code: "frame_too_large", message: "The frame's \(field) is over \(limit) bytes. Send a smaller one.")
    case .truncated(let needed, let have):
      FrameRefusal(code: "frame_malformed", message: "The frame needs \(needed) bytes and has \(have).")
    case .trailingBytes(let count):
      FrameRefusal(code: "frame_malformed", message: "The frame has \(count) bytes more than its header says.")
    case .wrongMagic:
      FrameRefusal(code: "frame_malformed", message: "A binary message must be a frame and begin with AXF1.")
    case .unknownValue(let field), .invalid(let field):
      FrameRefusal(code: "frame_malformed", message: "The frame header's \(field) is not valid.")
    }
  }

  static func notAPicture(_ refusal: JPEGStructure.Refusal) -> FrameRefusal {
    let reason =
      switch refusal {
      case .notJPEG: "it does not begin like one"
      case .truncated: "it is cut short"
      case .trailingBytes: "bytes follow its end"
      case .badSegment: "a segment is damaged"
      case .unsupported: "only 8-bit grey or colour, baseline or progressive, is taken"
      case .outOfOrder: "its parts are out of order"
      case .tooMuchMetadata: "it carries over \(JPEGStructure.maximumMetadata) bytes of metadata"
      }
    return FrameRefusal(code: "frame_not_jpeg", message: "The frame is not a usable JPEG: \(reason).")
  }

  static let sizeMismatch = FrameRefusal(
    code: "frame_size_mismatch", message: "The picture's size is not the one in the frame's header.")

  static func sequence(_ refusal: SequenceLedger.Refusal) -> FrameRefusal {
    switch refusal {
    case .duplicate: FrameRefusal(code: "frame_duplicate", message: "This frame was recorded before.")
    case .tooFarAhead(let limit):
      FrameRefusal(
        code: "sequence_too_far", message: "The sequence number is over \(limit) ahead. Continue from welcome.next_seq."
      )
    case .tooManyGaps:
      FrameRefusal(code: "too_many_gaps", message: "Too many frames are missing. Send those first, or say dropped.")
    }
  }

  static let captureInFuture = FrameRefusal(
    code: "capture_in_future",
    message: "The capture time lies in the future by this device's clock. Exchange clocks again, then send.")
  static let captureTooOld = FrameRefusal(
    code: "capture_too_old",
    message:
      "The capture time lies over a day back by this device's clock. Stamp frames with the clock that is exchanged.")
  static let captureGoesBack = FrameRefusal(
    code: "capture_goes_back", message: "The capture time is before that of an earlier frame.")
  static let recorderBehind = FrameRefusal(
    code: "recording_behind", message: "The server's disk is behind. Keep the frame and send it again.")
}
