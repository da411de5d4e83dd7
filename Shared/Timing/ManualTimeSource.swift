import Synchronization

/// A clock that stands still until a test moves it.
public final class ManualTimeSource: TimeSource {
  private let state: Mutex<(session: Int64, utc: Int64)>

  public init(session: Int64 = 1_000_000, utc: Int64 = 1_700_000_000_000_000) {
    state = Mutex((session, utc))
  }

  public func now() -> SessionTime { SessionTime(microseconds: state.withLock { $0.session }) }
  public func utcMicroseconds() -> Int64 { state.withLock { $0.utc } }

  /// Sets the wall clock forward, or back, as a person or NTP does; session time goes on as it was.
  public func stepWallClock(by duration: Duration) { state.withLock { $0.utc += duration.wholeMicroseconds } }

  public func advance(by duration: Duration) {
    state.withLock {
      $0.session += duration.wholeMicroseconds
      $0.utc += duration.wholeMicroseconds
    }
  }
}
