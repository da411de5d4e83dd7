import Bus

/// Puts one WebSocket message together as its parts arrive, straight into what the bus will send.
struct MessageAssembly {
  enum Outcome {
    /// More is to come.
    case incomplete
    case text(BusMessage)
    case binary(BusMessage)
    /// The message is too long: told once, the rest of it is dropped.
    case tooLong
    case empty
  }

  let maximumBinary: Int
  let maximumText: Int
  private var builder: BusMessageBuilder?
  private var isDropping = false

  init(maximumBinary: Int, maximumText: Int) {
    self.maximumBinary = maximumBinary
    self.maximumText = maximumText
  }

  mutating func add(_ part: WebSocketPart) -> Outcome {
    if part.isFirst {
      builder = nil
      isDropping = false
    }
    defer { if part.isLast { builder = nil } }
    if isDropping { return .incomplete }
    let limit = part.isBinary ? maximumBinary : maximumText
    let needed = (builder?.filled ?? 0) + part.bytes.count + part.remainingInFrame
    guard needed <= limit else {
      isDropping = true
      builder = nil
      return .tooLong
    }
    let target = room(for: needed, limit)
    target.append(part.bytes)
    guard part.isLast else { return .incomplete }
    guard target.filled > 0 else { return .empty }
    let message = target.finish()
    return part.isBinary ? .binary(message) : .text(message)
  }

  /// One allocation for a message in one frame. One in several frames moves as it turns out longer, each time to twice the
  /// room: a million frames of one byte must not cost a million copies.
  private mutating func room(for needed: Int, _ limit: Int) -> BusMessageBuilder {
    if let builder, builder.count >= needed { return builder }
    let larger = BusMessageBuilder(count: builder.map { max(needed, min(limit, 2 * $0.count)) } ?? needed)
    builder?.withFilledBytes { larger.append($0) }
    builder = larger
    return larger
  }
}
