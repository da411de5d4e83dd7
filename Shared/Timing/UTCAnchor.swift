/// Ties `SessionTime` to the wall clock: taken once when a session is made and stored with it.
public struct UTCAnchor: Hashable, Codable, Sendable {
  public let sessionTime: SessionTime
  /// Microseconds since the Unix epoch at `sessionTime`.
  public let utcMicroseconds: Int64

  public init(sessionTime: SessionTime, utcMicroseconds: Int64) {
    self.sessionTime = sessionTime
    self.utcMicroseconds = utcMicroseconds
  }

  public init(readFrom time: some TimeSource) {
    self.init(sessionTime: time.now(), utcMicroseconds: time.utcMicroseconds())
  }

  public func utcMicroseconds(at time: SessionTime) -> Int64 { utcMicroseconds &+ (time - sessionTime) }
}
