import Foundation
import Glibc
import Messages
import Timing

/// One phone's connection. `begin` pairs the clock over the still blocking socket; after it nothing blocks.
final class LoadPhone {
  let socket: LoadSocket
  private(set) var sent = 0
  private(set) var acknowledged = 0
  private(set) var errors: [String] = []
  private let picture: LoadPicture
  private let options: LoadOptions
  /// When each unacknowledged frame was due or began to be sent, oldest first.
  private var since: ArraySlice<Int64> = []
  private var nextDue: Int64 = 0
  private var bytes: [UInt8] = []

  private static let clockExchanges = 3

  init(address: WebSocketAddress, picture: LoadPicture, options: LoadOptions) throws {
    self.picture = picture
    self.options = options
    socket = try LoadSocket(address)
  }

  var unacknowledged: Int { since.count }
  var frameBytes: Int { FrameHeader.size + picture.bytes.count }

  /// Hello and a few clock exchanges: without a clock the server holds frames back.
  func begin() throws {
    try socket.send(text: #"{"type":"hello"}"#)
    var previous = ""
    for id in 1...(Self.clockExchanges + 1) {
      let t0 = monotonicMicroseconds()
      try socket.send(text: #"{"type":"clock","id":\#(id),"t0":\#(t0)\#(previous)}"#)
      if id > Self.clockExchanges { break }
      let reply = try awaitClock()
      let t3 = monotonicMicroseconds()
      guard let t1 = number("t1", in: reply), let t2 = number("t2", in: reply) else {
        throw LoadFailure("the server answered a clock request with \(reply)")
      }
      previous = #","prev":{"id":\#(id),"t0":\#(t0),"t1":\#(t1),"t2":\#(t2),"t3":\#(t3)}"#
    }
    try socket.stopBlocking()
  }

  private func awaitClock() throws -> String {
    while true {
      while let message = try takeText() { if message.contains(#""clock""#) { return message } }
      bytes += try socket.receive()
    }
  }

  // MARK: While it runs

  func startFilming(at instant: Int64) { nextDue = instant }

  /// Sends what is due at `now` and fits into the socket. Returns whether the socket is full.
  func pump(at now: Int64) throws -> Bool {
    while true {
      guard try socket.flush() else { return true }
      switch options.pace {
      case .window(let most):
        guard unacknowledged < most else { return false }
        queue(since: now, captured: now)
      case .steady(let fps):
        guard nextDue <= now else { return false }
        queue(since: nextDue, captured: nextDue)
        nextDue += Int64(1e6 / fps)
      }
    }
  }

  func flush() throws { _ = try socket.flush() }

  private func queue(since instant: Int64, captured: Int64) {
    sent += 1
    since.append(instant)
    var writer = ByteWriter(reservingCapacity: FrameHeader.size)
    FrameHeader(
      width: picture.width, height: picture.height, sequence: UInt32(sent),
      captured: DeviceTime(microseconds: captured), payloadLength: UInt32(picture.bytes.count)
    ).encode(into: &writer)
    let head = WebSocketWire.head(.binary, length: FrameHeader.size + picture.bytes.count)
    socket.queue(head: head + writer.bytes, body: picture.bytes)
  }

  /// Reads what is there; `onAcknowledged` gets each frame's wait in µs.
  func read(at now: Int64, onAcknowledged: (Int64) -> Void) throws {
    bytes += try socket.receive()
    while let text = try takeText() {
      if text.hasPrefix(#"{"type":"ack""#), let sequence = number("seq", in: text) {
        while acknowledged < sequence, let instant = since.first {
          since.removeFirst()
          acknowledged += 1
          onAcknowledged(now - instant)
        }
      } else if text.contains(#""error""#) {
        errors.append(text)
      }
    }
  }

  /// The next text message, if one is whole.
  private func takeText() throws -> String? {
    while let message = try WebSocketWire.first(in: bytes[...]) {
      let text = String(decoding: message.payload, as: UTF8.self)
      bytes.removeFirst(message.size)
      if message.opcode == .text { return text }
      if message.opcode == .close { throw LoadFailure("the server closed a connection: \(text.dropFirst(2))") }
    }
    return nil
  }

  private func number(_ name: String, in text: String) -> Int64? {
    guard let found = text.range(of: "\"\(name)\":") else { return nil }
    return Int64(text[found.upperBound...].prefix { $0.isNumber || $0 == "-" })
  }
}

func monotonicMicroseconds() -> Int64 {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
}
