/// How much one socket may hold, in messages.
struct BusMarks {
  /// High-water marks for each peer, besides what the kernel buffers: beyond it a send is refused, and the peer's sends wait.
  let send: Int
  let receive: Int
  /// How many messages it may take in a row before other sockets get a turn.
  let turn: Int

  /// The same mark both ways.
  init(_ mark: Int) { self.init(send: mark, receive: mark) }

  init(send: Int, receive: Int, turn: Int = 256) {
    self.send = send
    self.receive = receive
    self.turn = turn
  }
}
