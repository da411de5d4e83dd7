import CZeroMQ
import Glibc
import Messages
import Runtime

/// Owns one ZeroMQ socket on the loop's thread: sends, and hands over what arrives, part by part.
///
/// ZeroMQ's descriptor is edge-triggered and any call may swallow its edge, so after each iteration in which the socket
/// was touched it is asked again whether something waits (zmq_getsockopt(3), `ZMQ_FD`).
final class BusSocket {
  enum Kind: Int32 {
    case dealer = 5
    case router = 6
    case pull = 7
    case push = 8
    case publish = 1
    case subscribe = 2
  }

  enum Role { case bind, connect }

  typealias Receiver = ([BusMessage]) -> Void

  private let context: BusContext
  private let socket: UnsafeMutableRawPointer
  private let descriptor: Int32
  private let endpoint: String
  private let onMessage: Receiver?
  private let turn: Int
  private var mayHaveInput = true

  /// More than any message of the bus has.
  private static let maximumParts = 8

  init(
    _ context: BusContext, _ kind: Kind, _ role: Role, _ endpoint: Endpoint, _ marks: BusMarks,
    subscription: [UInt8]? = nil, onMessage: Receiver? = nil
  ) throws {
    let address = context.address(of: endpoint)
    guard let socket = zmq_socket(context.handle, kind.rawValue) else {
      throw BusError(call: "zmq_socket", errno: zmq_errno(), endpoint: address)
    }
    self.context = context
    self.socket = socket
    self.endpoint = address
    self.onMessage = onMessage
    turn = marks.turn

    func set(_ option: Int32, _ value: Int32) throws(BusError) {
      var value = value
      try zmqCheck("zmq_setsockopt", address) { zmq_setsockopt(socket, option, &value, MemoryLayout<Int32>.size) }
    }
    var descriptor: Int32 = -1
    do {
      try set(ZMQ_SNDHWM, Int32(clamping: marks.send))
      try set(ZMQ_RCVHWM, Int32(clamping: marks.receive))
      // What a stopping process still has to say may take this long, then it goes.
      try set(ZMQ_LINGER, 200)
      try set(ZMQ_RECONNECT_IVL, 20)
      try set(ZMQ_RECONNECT_IVL_MAX, 500)
      if kind == .router { try set(ZMQ_ROUTER_MANDATORY, 1) }
      if let subscription {
        try zmqCheck("zmq_setsockopt", address) {
          zmq_setsockopt(socket, ZMQ_SUBSCRIBE, subscription, subscription.count)
        }
      }
      try zmqCheck(role == .bind ? "zmq_bind" : "zmq_connect", address) {
        role == .bind ? zmq_bind(socket, address) : zmq_connect(socket, address)
      }
      var size = MemoryLayout<Int32>.size
      try zmqCheck("zmq_getsockopt", address) { zmq_getsockopt(socket, ZMQ_FD, &descriptor, &size) }
    } catch {
      zmq_close(socket)
      throw error
    }
    self.descriptor = descriptor
    try context.loop.watch(descriptor) { [unowned self] in mayHaveInput = true }
    context.loop.addLateCheck { [weak self] in self?.receiveWaiting() ?? false }
    context.loop.scheduleIteration()
  }

  deinit {
    context.loop.unwatch(descriptor)
    zmq_close(socket)
  }

  /// Sends all parts or none. False when the peer is away or slow and the high-water mark is reached.
  func send(_ parts: [BusMessage]) -> Bool {
    mayHaveInput = true
    context.loop.scheduleIteration()
    for (index, part) in parts.enumerated() {
      var outgoing = zmq_msg_t()
      zmq_msg_init(&outgoing)
      // A reference, not a copy of the bytes; the part stays usable by whoever else holds it.
      zmq_msg_copy(&outgoing, part.part)
      let more = index + 1 < parts.count ? ZMQ_SNDMORE : 0
      var result: Int32
      repeat {
        result = zmq_msg_send(&outgoing, socket, ZMQ_DONTWAIT | more)
      } while result == -1 && zmq_errno() == EINTR
      if result == -1 {
        zmq_msg_close(&outgoing)
        // ZeroMQ accepts or refuses a message at its first part; a later refusal would tear it.
        precondition(index == 0, "\(endpoint): a message was torn")
        return false
      }
    }
    return true
  }

  /// Delivers what has arrived. True if there was anything.
  private func receiveWaiting() -> Bool {
    guard mayHaveInput else { return false }
    mayHaveInput = false
    guard let onMessage else {
      takeNote()
      return false
    }
    var received = 0
    while received < turn, let parts = receive() {
      received += 1
      onMessage(parts)
    }
    if received == turn { mayHaveInput = true }
    return received > 0
  }

  /// Has ZeroMQ deal with what its descriptor told of: also a socket that only sends hears of peers that come and go,
  /// and its descriptor stays readable until it is asked.
  private func takeNote() {
    var events: Int32 = 0
    var size = MemoryLayout<Int32>.size
    zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size)
  }

  /// One message without waiting. A message with too many parts is dropped whole.
  private func receive() -> [BusMessage]? {
    while true {
      var parts: [BusMessage] = []
      var hasMore = true
      while hasMore {
        let part = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: 1)
        zmq_msg_init(part)
        let message = BusMessage(adopting: part)
        var result: Int32
        repeat { result = zmq_msg_recv(part, socket, ZMQ_DONTWAIT) } while result == -1 && zmq_errno() == EINTR
        if result == -1 { return nil }
        hasMore = zmq_msg_more(part) != 0
        parts.append(message)
      }
      if parts.count <= Self.maximumParts { return parts }
      context.log.warning("bus_message_dropped", (.endpoint, endpoint), (.count, parts.count))
    }
  }
}
