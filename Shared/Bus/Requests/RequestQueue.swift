import Messages
import Timing

/// Requests that have not left yet, in their order and in batches: usually those of one turn of the loop; of a service that
/// is away, all that ZeroMQ has no room for.
///
/// A batch that was refused is kept as the message it was made into, so that trying again copies nothing.
struct RequestQueue {
  private static let maximumSent = 64

  private var sealed: [(message: BusMessage, count: Int)] = []
  private var first = 0
  private var open = RequestBatch()
  /// Of requests, not of batches.
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }
  /// Whether something should leave now rather than when the loop's iteration ends.
  private(set) var hasFullBatch = false

  mutating func add(id: UInt64, deadline: SessionTime, name: String, body: [UInt8]) {
    open.add(.request, id: id, deadline: deadline, name: name, body: body)
    count += 1
    if open.isFull {
      seal()
      hasFullBatch = true
    }
  }

  /// What leaves next; it stays here until `removeNext`.
  mutating func next() -> BusMessage? {
    // Behind a batch that waits, requests go on gathering: many small ones would use up ZeroMQ's room.
    if first == sealed.count, !open.isEmpty { seal() }
    return first < sealed.count ? sealed[first].message : nil
  }

  mutating func removeNext() {
    count -= sealed[first].count
    first += 1
    if first == sealed.count { hasFullBatch = false }
    // What has left must not be held for as long as the queue is never empty.
    guard first == sealed.count || first >= Self.maximumSent else { return }
    sealed.removeFirst(first)
    first = 0
  }

  private mutating func seal() {
    sealed.append((open.message, open.count))
    open.clear()
  }
}
