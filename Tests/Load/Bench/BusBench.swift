import CZeroMQ
import Foundation

/// What bare ZeroMQ carries between two threads over a Unix socket, in messages of a frame's size: the bus's own ceiling.
enum BusBench {
  private static let frameBytes = 40_000
  private static let messages = 40_000

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  static func rows(_ options: BenchOptions) throws -> [BenchRow] {
    let perSecond = try messagesPerSecond()
    return [
      BenchRow("bare ZeroMQ, PUSH → PULL over ipc, 40 kB", perSecond, "messages/s"),
      BenchRow("  the same", perSecond * Double(frameBytes) / 1e6, "MB/s"),
    ]
  }

  private static func messagesPerSecond() throws -> Double {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("axolotl-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let address = "ipc://\(folder.path)/bench"
    let context = zmq_ctx_new()
    defer { zmq_ctx_term(context) }
    let pull = zmq_socket(context, ZMQ_PULL)
    defer { zmq_close(pull) }
    guard zmq_bind(pull, address) == 0 else { throw Failure(description: "no socket for the bench of ZeroMQ") }
    // The second context is what another process would have.
    let sender = Thread {
      let context = zmq_ctx_new()
      let push = zmq_socket(context, ZMQ_PUSH)
      zmq_connect(push, address)
      let frame = [UInt8](repeating: 0x55, count: frameBytes)
      for _ in 0..<messages { zmq_send(push, frame, frame.count, 0) }
      zmq_close(push)
      zmq_ctx_term(context)
    }
    var buffer = [UInt8](repeating: 0, count: frameBytes)
    var timeout: Int32 = 10_000
    zmq_setsockopt(pull, ZMQ_RCVTIMEO, &timeout, MemoryLayout<Int32>.size)
    sender.start()
    var begin = ContinuousClock.now
    for number in 0..<messages {
      guard zmq_recv(pull, &buffer, buffer.count, 0) == frameBytes else {
        throw Failure(description: "ZeroMQ delivered message \(number) of \(messages) not or not whole")
      }
      if number == 0 { begin = .now }
    }
    return Double(messages - 1) / ((ContinuousClock.now - begin) / .seconds(1))
  }
}
