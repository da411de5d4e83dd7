/// What waits to be written to one phone: bounded, acknowledgements merged into the newest.
struct OutboundQueue {
  enum Item: Equatable {
    case text([UInt8])
    /// A clock answer; its second timestamp is taken when it is written.
    case clock(id: UInt32, t0: Int64, t1: Int64)
  }

  static let capacity = 256
  private var items: [Item] = []
  private var ack: [UInt8]?
  private static let ackPrefix = Array(#"{"type":"ack""#.utf8)

  var isEmpty: Bool { items.isEmpty && ack == nil }

  /// False when the queue is full: the phone does not read.
  mutating func add(_ item: Item) -> Bool {
    if case .text(let bytes) = item, bytes.starts(with: Self.ackPrefix) {
      ack = bytes
      return true
    }
    guard items.count < Self.capacity else { return false }
    items.append(item)
    return true
  }

  /// The next to write: clock answers and texts in order, the newest acknowledgement after them.
  mutating func next() -> Item? {
    if !items.isEmpty { return items.removeFirst() }
    defer { ack = nil }
    return ack.map { .text($0) }
  }
}
