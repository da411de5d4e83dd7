import Messages
import Testing
import Timing

@testable import Bus

struct RequestQueueTests {
  private func ids(_ message: BusMessage?) throws -> [UInt64] {
    var ids: [UInt64] = []
    try RequestBatch.read(try #require(message)) { ids.append($0.id) }
    return ids
  }

  private func nextIDs(_ queue: inout RequestQueue) throws -> [UInt64] { try ids(queue.next()) }

  private func add(_ ids: ClosedRange<UInt64>, to queue: inout RequestQueue, bytes: Int = 1) {
    for id in ids { queue.add(id: id, deadline: .distantFuture, name: "n", body: Array(repeating: 0, count: bytes)) }
  }

  @Test func anEmptyQueueHasNothingToSend() {
    var queue = RequestQueue()
    #expect(queue.isEmpty)
    let next = queue.next()
    #expect(next == nil)
  }

  @Test func whatCameTogetherLeavesTogether() throws {
    var queue = RequestQueue()
    add(1...3, to: &queue)
    #expect(!queue.hasFullBatch)
    #expect(queue.count == 3)
    #expect(try nextIDs(&queue) == [1, 2, 3])
    queue.removeNext()
    #expect(queue.isEmpty)
  }

  @Test func aFullBatchLeavesAtOnce() throws {
    var queue = RequestQueue()
    add(1...16, to: &queue)
    #expect(queue.hasFullBatch)
    #expect(try nextIDs(&queue) == Array(1...16))
    queue.removeNext()
    #expect(!queue.hasFullBatch)
    add(17...17, to: &queue, bytes: RequestBatch.fullByteCount)
    #expect(queue.hasFullBatch)
  }

  /// Refused, the same message is given again; behind it batches fill up before another begins.
  @Test func behindABatchThatWaitsOthersFillUp() throws {
    var queue = RequestQueue()
    add(1...1, to: &queue)
    let refused = queue.next()
    #expect(refused != nil)
    for id: UInt64 in 2...40 {
      add(id...id, to: &queue)
      let next = queue.next()
      #expect(next === refused)
    }
    #expect(queue.count == 40)
    var sent: [[UInt64]] = []
    while let message = queue.next() {
      sent.append(try ids(message))
      queue.removeNext()
    }
    #expect(sent == [[1], Array(2...17), Array(18...33), Array(34...40)])
    #expect(queue.isEmpty)
    #expect(!queue.hasFullBatch)
  }
}
