import CZeroMQ
import Messages

/// One part of a ZeroMQ message: bytes that travel without being copied again.
///
/// `@unchecked Sendable` holds because the bytes are never changed after `init`, and `zmq_msg_t` is only touched by
/// `init`, by `deinit`, and by the loop when it sends.
public final class BusMessage: @unchecked Sendable {
  let part: UnsafeMutablePointer<zmq_msg_t>

  /// Takes over an initialised `zmq_msg_t`.
  init(adopting part: UnsafeMutablePointer<zmq_msg_t>) { self.part = part }

  /// `count` bytes written by `fill`, which sees them uninitialised and must write them all.
  public init(count: Int, fill: (UnsafeMutableRawBufferPointer) -> Void) {
    part = .allocate(capacity: 1)
    // Fails only without memory, where Swift stops the process too.
    precondition(zmq_msg_init_size(part, count) == 0, "out of memory")
    fill(UnsafeMutableRawBufferPointer(start: zmq_msg_data(part), count: count))
  }

  public convenience init(copying bytes: UnsafeRawBufferPointer) {
    self.init(count: bytes.count) { $0.copyMemory(from: bytes) }
  }

  public convenience init(copying bytes: [UInt8]) {
    self.init(count: bytes.count) { buffer in bytes.withUnsafeBytes { buffer.copyMemory(from: $0) } }
  }

  public convenience init(_ bytes: some Sequence<UInt8>) {
    self.init(copying: Array(bytes))
  }

  deinit {
    zmq_msg_close(part)
    part.deallocate()
  }

  public var count: Int { zmq_msg_size(part) }

  public func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeRawBufferPointer(start: zmq_msg_data(part), count: zmq_msg_size(part)))
  }

  public var bytes: [UInt8] { withUnsafeBytes { Array($0) } }
}
