import Timing

/// Whether one stream-svc instance answers, and whether it is the same process as before. A pure value.
struct ChannelHealth: Equatable {
  enum Change: Equatable {
    case none
    /// It answers (again) and is the process it was: what was held back may go on.
    case resumed
    /// It is another process than the one that knew the links: every link must be opened anew.
    case restarted
    /// It has not answered for too long: hold everything back.
    case away
  }

  static let heartbeat = Duration.milliseconds(500)
  static let patience = Duration.milliseconds(1600)

  private(set) var isAlive = false
  private var boot: [UInt8]?
  private var lastPong = SessionTime.zero

  mutating func pong(boot: [UInt8], at now: SessionTime) -> Change {
    lastPong = now
    let wasAlive = isAlive
    isAlive = true
    defer { self.boot = boot }
    if self.boot != boot { return .restarted }
    return wasAlive ? .none : .resumed
  }

  mutating func tick(_ now: SessionTime) -> Change {
    guard isAlive, now - lastPong > Self.patience.wholeMicroseconds else { return .none }
    isAlive = false
    return .away
  }
}
