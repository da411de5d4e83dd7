import CZeroMQ
import Messages
import Runtime

/// The process's ZeroMQ context and where its sockets live. Belongs to the loop's thread.
///
/// This is the only place that knows the bus to be Unix sockets of one host.
public final class BusContext {
  public let loop: EventLoop
  public let log: Log
  public let metrics: Metrics
  let handle: UnsafeMutableRawPointer
  private let directory: String

  public init(loop: EventLoop, directory: String, log: Log, metrics: Metrics) throws {
    try makeDirectories(directory)
    self.loop = loop
    self.log = log
    self.metrics = metrics
    self.directory = directory
    guard let handle = zmq_ctx_new() else {
      throw BusError(call: "zmq_ctx_new", errno: zmq_errno(), endpoint: directory)
    }
    self.handle = handle
  }

  public convenience init(_ context: ServiceContext) throws {
    try self.init(
      loop: context.loop, directory: context.settings[AppSettings.busDirectory], log: context.log,
      metrics: context.metrics)
  }

  deinit { zmq_ctx_term(handle) }

  func address(of endpoint: Endpoint) -> String { "ipc://\(directory)/\(endpoint.socketName)" }
}
