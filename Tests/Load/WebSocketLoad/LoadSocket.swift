import Glibc

/// A client's TCP connection after its WebSocket handshake. Holds at most one message that is not sent yet.
final class LoadSocket {
  let descriptor: Int32
  private var head: [UInt8] = []
  private var body: [UInt8] = []
  private var offset = 0
  private var scratch = [UInt8](repeating: 0, count: 16384)

  init(_ address: WebSocketAddress) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw LoadFailure("socket: \(String(cString: strerror(errno)))") }
    var peer = sockaddr_in()
    peer.sin_family = sa_family_t(AF_INET)
    peer.sin_port = address.port.bigEndian
    guard inet_pton(AF_INET, address.host, &peer.sin_addr) == 1 else {
      throw LoadFailure("\(address.host) is not an IPv4 address")
    }
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafePointer(to: &peer) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
    }
    guard result == 0 else { throw LoadFailure("connect: \(String(cString: strerror(errno)))") }
    var yes: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
    try upgrade(address)
  }

  deinit { close(descriptor) }

  private func upgrade(_ address: WebSocketAddress) throws {
    let request =
      "GET \(address.target) HTTP/1.1\r\nHost: \(address.host):\(address.port)\r\nUpgrade: websocket\r\n"
      + "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    queue(head: Array(request.utf8), body: [])
    guard try flush() else { throw LoadFailure("the handshake does not fit into the socket") }
    // Byte by byte, so that nothing of what follows is taken.
    var answer: [UInt8] = []
    while !answer.suffix(4).elementsEqual([13, 10, 13, 10]) {
      var byte: UInt8 = 0
      guard recv(descriptor, &byte, 1, 0) == 1, answer.count < 8192 else {
        throw LoadFailure("the server does not answer the handshake")
      }
      answer.append(byte)
    }
    let text = String(decoding: answer, as: UTF8.self)
    guard text.hasPrefix("HTTP/1.1 101") else { throw LoadFailure("refused: \(text.prefix { $0 != "\r" })") }
  }

  func stopBlocking() throws {
    guard fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else { throw LoadFailure("fcntl failed") }
  }

  func send(text: String) throws {
    let bytes = Array(text.utf8)
    queue(head: WebSocketWire.head(.text, length: bytes.count) + bytes, body: [])
    guard try flush() else { throw LoadFailure("a control message does not fit into the socket") }
  }

  /// Only when nothing waits.
  func queue(head: [UInt8], body: [UInt8]) {
    self.head = head
    self.body = body
    offset = 0
  }

  /// Sends on; false when the socket is full.
  func flush() throws -> Bool {
    while offset < head.count + body.count {
      let count = head.withUnsafeBytes { head in
        body.withUnsafeBytes { body in
          let first = min(offset, head.count)
          let second = max(0, offset - head.count)
          var parts = [
            part(head, from: first),
            part(body, from: second),
          ]
          return writev(descriptor, &parts, 2)
        }
      }
      if count < 0 {
        if errno == EAGAIN { return false }
        throw LoadFailure("write: \(String(cString: strerror(errno)))")
      }
      offset += count
    }
    return true
  }

  private func part(_ bytes: UnsafeRawBufferPointer, from start: Int) -> iovec {
    iovec(
      iov_base: bytes.baseAddress.map { UnsafeMutableRawPointer(mutating: $0) + start }, iov_len: bytes.count - start)
  }

  /// What is there; waits only while the socket still blocks.
  func receive() throws -> ArraySlice<UInt8> {
    let count = recv(descriptor, &scratch, scratch.count, 0)
    if count < 0, errno == EAGAIN { return [] }
    guard count > 0 else { throw LoadFailure("the server closed a connection") }
    return scratch[..<count]
  }
}
