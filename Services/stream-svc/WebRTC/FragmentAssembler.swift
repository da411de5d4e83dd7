import Messages
import Timing

/// Puts frames together whose fragments come in any order, twice, or not at all. A pure value.
///
/// `Piece` is a fragment's payload, which is only kept here, never looked into.
struct FragmentAssembler<Piece> {
  struct Limits {
    var bytes = 2 * FrameHeader.maximumPayload
    var frames = 64
    var age = Duration.seconds(3)
  }

  enum Outcome {
    case incomplete
    /// All pieces, in order. `header` is that of the whole frame, `arrived` when its first fragment came.
    case complete(header: FrameHeader, pieces: [Piece], arrived: SessionTime)
  }

  enum Refusal: Error, Equatable, Sendable {
    /// This fragment is here already; it costs nothing.
    case duplicate
    /// The header is not that of the frame's other fragments; all of them are given up.
    case inconsistent
    /// No payload, or more than the frame's length.
    case wrongLength
    /// More fragments than a frame can have.
    case tooManyFragments(limit: Int)
  }

  /// Enough for the largest frame in pieces of 4 KiB.
  static var maximumFragments: Int { 1024 }

  private struct Partial {
    let header: FrameHeader
    let arrived: SessionTime
    var pieces: [Piece?]
    var missing: Int
    var bytes = 0
  }

  private let limits: Limits
  private var partials: [UInt32: Partial] = [:]
  /// Sequence numbers in the order in which their first fragment came.
  private var order: [UInt32] = []
  private(set) var bytesHeld = 0
  /// Frames of which something came but not all, given up for age or room.
  private(set) var framesGivenUp = 0

  init(limits: Limits = Limits()) { self.limits = limits }

  var framesHeld: Int { partials.count }

  /// - Parameters:
  ///   - header: the fragment's own header.
  ///   - bytes: how long the fragment's payload is.
  mutating func add(
    _ header: FrameHeader, _ piece: Piece, bytes: Int, arrived: SessionTime
  ) throws(Refusal) -> Outcome {
    giveUp(olderThan: arrived)
    let count = Int(header.fragmentCount)
    guard count <= Self.maximumFragments else { throw .tooManyFragments(limit: Self.maximumFragments) }
    guard bytes > 0, bytes <= Int(header.payloadLength) else { throw .wrongLength }
    if count == 1 {
      guard bytes == Int(header.payloadLength) else { throw .wrongLength }
      forget(header.sequence)
      return .complete(header: header, pieces: [piece], arrived: arrived)
    }
    var partial =
      partials[header.sequence]
      ?? Partial(header: header.whole, arrived: arrived, pieces: Array(repeating: nil, count: count), missing: count)
    guard partial.header == header.whole, partial.pieces.count == count else {
      forget(header.sequence)
      throw .inconsistent
    }
    let index = Int(header.fragmentIndex)
    guard partial.pieces[index] == nil else { throw .duplicate }
    partial.pieces[index] = piece
    partial.missing -= 1
    partial.bytes += bytes
    // What is still missing has at least a byte each.
    guard partial.bytes + partial.missing <= Int(header.payloadLength) else {
      forget(header.sequence)
      throw .wrongLength
    }
    if partial.missing == 0 {
      forget(header.sequence)
      guard partial.bytes == Int(header.payloadLength) else { throw .wrongLength }
      return .complete(header: partial.header, pieces: partial.pieces.compactMap { $0 }, arrived: partial.arrived)
    }
    if partials.updateValue(partial, forKey: header.sequence) == nil { order.append(header.sequence) }
    bytesHeld += bytes
    makeRoom()
    return .incomplete
  }

  /// Gives up frames whose first fragment came too long ago.
  mutating func giveUp(olderThan now: SessionTime) {
    while let oldest = order.first, let partial = partials[oldest],
      now - partial.arrived > limits.age.wholeMicroseconds
    { giveUpOldest() }
  }

  private mutating func makeRoom() {
    while bytesHeld > limits.bytes || partials.count > limits.frames { giveUpOldest() }
  }

  private mutating func giveUpOldest() {
    guard let oldest = order.first else { return }
    framesGivenUp += 1
    forget(oldest)
  }

  private mutating func forget(_ sequence: UInt32) {
    guard let partial = partials.removeValue(forKey: sequence) else { return }
    order.removeAll { $0 == sequence }
    bytesHeld -= partial.bytes
  }
}

extension FrameHeader {
  /// The same frame as if it had come in one piece.
  fileprivate var whole: FrameHeader {
    FrameHeader(
      codec: codec, isKeyFrame: isKeyFrame, width: width, height: height, sequence: sequence, captured: captured,
      payloadLength: payloadLength)
  }
}
