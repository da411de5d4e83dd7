import CLibWebSockets

/// The one buffer that outgoing bytes are put together in, with the room before it that lws writes its framing into.
final class ScratchBuffer {
  /// Bytes for one write; lws keeps no more than this of a write that the socket does not take.
  let capacity: Int
  private let storage: UnsafeMutablePointer<UInt8>
  var start: UnsafeMutablePointer<UInt8> { storage + axolotl_lws_pre }

  init(capacity: Int) {
    self.capacity = capacity
    storage = .allocate(capacity: capacity + axolotl_lws_pre)
  }

  deinit { storage.deallocate() }

  func copy(_ bytes: [UInt8], _ offset: Int, _ count: Int, to position: Int) {
    guard count > 0 else { return }
    precondition(position + count <= capacity && offset + count <= bytes.count, "a write stays inside its buffers")
    bytes.withUnsafeBufferPointer { (start + position).update(from: $0.baseAddress! + offset, count: count) }
  }
}
