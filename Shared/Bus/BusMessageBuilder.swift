import CZeroMQ

/// A message whose bytes arrive in pieces, put together where ZeroMQ will send them from if its size is known.
public final class BusMessageBuilder {
  /// Bytes that there is room for.
  public let count: Int
  public private(set) var filled = 0
  private let part: UnsafeMutablePointer<zmq_msg_t>
  private var isTaken = false

  public init(count: Int) {
    self.count = count
    part = .allocate(capacity: 1)
    precondition(zmq_msg_init_size(part, count) == 0, "out of memory")
  }

  deinit {
    guard !isTaken else { return }
    zmq_msg_close(part)
    part.deallocate()
  }

  public var room: Int { count - filled }

  /// Adds bytes, of which there must be no more than `room`.
  public func append(_ bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count <= room && !isTaken, "the pieces of a message fit into it")
    UnsafeMutableRawBufferPointer(start: zmq_msg_data(part) + filled, count: room).copyMemory(from: bytes)
    filled += bytes.count
  }

  /// The message as far as it is filled in; copied once more where that is not the whole room. The builder is used up.
  public func finish() -> BusMessage {
    precondition(!isTaken, "a message is finished once")
    guard room == 0 else { return withFilledBytes { BusMessage(copying: $0) } }
    isTaken = true
    return BusMessage(adopting: part)
  }

  /// What has been filled in so far, for a message that turns out longer or shorter.
  public func withFilledBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    body(UnsafeRawBufferPointer(start: zmq_msg_data(part), count: filled))
  }
}
