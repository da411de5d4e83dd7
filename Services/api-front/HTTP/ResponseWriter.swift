import CLibWebSockets
import Messages

/// A response on its way out, a piece per turn of the loop.
final class ResponseWriter {
  enum Progress {
    /// Call again when the connection can take more.
    case more
    /// The next piece is not here yet; `resume` will be called.
    case waiting
    case done
    /// The body broke off: the connection must be closed, so that nobody takes it for whole.
    case failed
  }

  private let response: HTTPResponse
  private let withBody: Bool
  private var head: [UInt8]?
  private(set) var isStarted = false
  /// Bytes of the body handed to lws so far.
  private var sent = 0
  private var piece: [UInt8] = []
  private var pieceOffset = 0
  private var isAwaitingPiece = false
  private var hasFailed = false

  init(_ response: HTTPResponse, withBody: Bool) {
    self.response = response
    self.withBody = withBody && response.status.hasBody
    if case .bytes(let bytes) = response.body { piece = bytes }
  }

  func start(closing: Bool, date: [UInt8]) {
    isStarted = true
    head = ResponseHead.encode(response, closing: closing, date: date)
  }

  /// Writes what fits into `scratch`: the head first, and with it as much of the body as there is room for.
  func write(to wsi: OpaquePointer, scratch: ScratchBuffer, resume: @escaping () -> Void) -> Progress {
    if hasFailed { return .failed }
    var filled = 0
    if let head {
      guard head.count <= scratch.capacity else { return .failed }
      scratch.copy(head, 0, head.count, to: 0)
      filled = head.count
      self.head = nil
    }
    if withBody {
      if pieceOffset == piece.count, sent < response.body.length, !fetch(resume) {
        return filled == 0 ? (hasFailed ? .failed : .waiting) : emit(wsi, scratch, filled)
      }
      let count = min(scratch.capacity - filled, piece.count - pieceOffset)
      scratch.copy(piece, pieceOffset, count, to: filled)
      pieceOffset += count
      sent += count
      filled += count
    }
    return emit(wsi, scratch, filled)
  }

  private func emit(_ wsi: OpaquePointer, _ scratch: ScratchBuffer, _ count: Int) -> Progress {
    if count > 0, lws_write(wsi, scratch.start, count, LWS_WRITE_HTTP) < 0 { return .failed }
    if withBody, sent < response.body.length { return isAwaitingPiece ? .waiting : .more }
    return .done
  }

  /// Asks for the next piece. True when it came at once.
  private func fetch(_ resume: @escaping () -> Void) -> Bool {
    guard case .pieces(let source, let length) = response.body, !isAwaitingPiece else { return false }
    isAwaitingPiece = true
    source.piece(at: sent) { [weak self] result in
      guard let self else { return }
      isAwaitingPiece = false
      // More than announced, or less, would be taken for the next response's bytes or waited for in vain.
      if case .success(let bytes) = result, !bytes.isEmpty, bytes.count <= length - sent {
        piece = bytes
        pieceOffset = 0
      } else {
        hasFailed = true
      }
      resume()
    }
    return !isAwaitingPiece && !hasFailed
  }
}
