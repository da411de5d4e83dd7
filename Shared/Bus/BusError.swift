import CZeroMQ
import Glibc

/// A ZeroMQ call that failed: which, on which socket, and why.
public struct BusError: Error, Hashable, Sendable, CustomStringConvertible {
  public let call: String
  public let errno: Int32
  public let endpoint: String

  public var description: String { "\(call)(\(endpoint)): \(String(cString: zmq_strerror(errno)))" }
}

/// The one place where ZeroMQ's −1 becomes an error: errno is taken at once and `EINTR` tried again.
@discardableResult
func zmqCheck(_ call: String, _ endpoint: String, _ body: () -> Int32) throws(BusError) -> Int32 {
  while true {
    let result = body()
    if result != -1 { return result }
    let code = zmq_errno()
    if code != EINTR { throw BusError(call: call, errno: code, endpoint: endpoint) }
  }
}
