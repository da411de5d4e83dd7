import Messages
import Timing

/// Requests, or replies, that leave together as one message: ZeroMQ's threads and the other process are woken once for
/// all of them, which costs more than the messages themselves.
struct RequestBatch {
  /// Enough to share a wake-up, few enough that the peer begins while this process goes on.
  static let fullCount = 16
  /// How many of them one socket may take in a row before the others get a turn.
  static let turn = 16
  /// What is larger gains nothing by waiting.
  static let fullByteCount = 64 * 1024

  private var bytes: [UInt8] = []
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }
  /// Whether it should leave now rather than when the loop's iteration ends.
  var isFull: Bool { count >= Self.fullCount || bytes.count >= Self.fullByteCount }

  mutating func add(
    _ kind: RequestRecord.Kind, id: UInt64, deadline: SessionTime = .zero, name: String = "", body: [UInt8]
  ) {
    RequestRecord.append(kind, id: id, deadline: deadline, name: name, body: body, to: &bytes)
    count += 1
  }

  /// The whole as a message; it stays here until `clear`.
  var message: BusMessage { BusMessage(copying: bytes) }

  mutating func clear() {
    // The room is used again, but not kept for the sake of one large body.
    bytes.removeAll(keepingCapacity: bytes.count <= Self.fullByteCount)
    count = 0
  }

  /// Hands over what came together, one by one.
  ///
  /// - Throws: at the first record that cannot be read; what follows it in the message is lost.
  static func read(_ message: BusMessage, _ each: (RequestRecord) -> Void) throws(DecodingFailure) {
    try message.withUnsafeBytes { (bytes) throws(DecodingFailure) in
      var reader = ByteReader(bytes)
      repeat { each(try RequestRecord(from: &reader)) } while reader.remaining > 0
    }
  }
}
