import Messages
import Timing

/// A device's life as a pure value: registered → connected → streaming → stale → gone, and back.
///
/// Its facts are the reports of the device's stream-svc instance and the time that has passed since.
struct DeviceLife: Hashable {
  struct Standing: Hashable {
    let state: DeviceState
    let cause: Cause?
  }

  /// Why a device is in its state, where the state does not say it all.
  enum Cause: Hashable {
    case neverConnected
    case notHeardOfSinceRestart
    case silentInstance(Int, seconds: Int64)
    case noFrames(seconds: Int64)
    case connectionClosed
  }

  static let staleAfter = Duration.seconds(3)
  static let goneAfter = Duration.seconds(60)

  let instance: Int
  private(set) var report: DeviceReport?
  /// When the last report came; before the first one, when this life began.
  private var heardAt: SessionTime
  /// Since when the reports name no connection.
  private var unconnectedSince: SessionTime?
  /// Whether the phone has ever had a connection, also before this process started.
  private(set) var hasConnected: Bool

  init(instance: Int, hasConnected: Bool, since: SessionTime) {
    self.instance = instance
    self.hasConnected = hasConnected
    heardAt = since
  }

  /// Takes a report in. False for one that is older than what is known, or that comes from an instance which no longer
  /// owns the device.
  mutating func receive(_ new: DeviceReport, at now: SessionTime) -> Bool {
    guard new.instance == instance, new.reportedAt >= report?.reportedAt ?? new.reportedAt else { return false }
    report = new
    heardAt = now
    unconnectedSince = new.transport == nil ? unconnectedSince ?? now : nil
    if new.transport != nil || new.lastFrameAt != nil { hasConnected = true }
    return true
  }

  func standing(at now: SessionTime) -> Standing {
    let silence = now - heardAt
    guard let report else {
      guard hasConnected else { return Standing(state: .registered, cause: .neverConnected) }
      return lapsed(silence, .notHeardOfSinceRestart)
    }
    if silence > Self.staleAfter.wholeMicroseconds {
      return lapsed(silence, .silentInstance(instance, seconds: silence / 1_000_000))
    }
    guard let lastFrameAt = report.lastFrameAt else {
      if report.transport != nil { return Standing(state: .connected, cause: nil) }
      guard hasConnected else { return Standing(state: .registered, cause: .neverConnected) }
      return lapsed(now - (unconnectedSince ?? now), .connectionClosed)
    }
    let age = now - lastFrameAt
    if age <= Self.staleAfter.wholeMicroseconds { return Standing(state: .streaming, cause: nil) }
    // With its connection open the phone is there, it only sends nothing.
    if report.transport != nil { return Standing(state: .stale, cause: .noFrames(seconds: age / 1_000_000)) }
    return lapsed(age, .connectionClosed)
  }

  /// Whether the phone takes up its instance: it is there, or may come back any moment.
  func isThere(at now: SessionTime) -> Bool {
    switch standing(at: now).state {
    case .connected, .streaming, .stale: true
    case .registered: now - heardAt <= Self.goneAfter.wholeMicroseconds
    case .gone: false
    }
  }

  private func lapsed(_ microseconds: Int64, _ cause: Cause) -> Standing {
    Standing(state: microseconds > Self.goneAfter.wholeMicroseconds ? .gone : .stale, cause: cause)
  }
}

extension DeviceLife.Cause {
  /// For programs.
  var code: DeviceStateCause {
    switch self {
    case .neverConnected: .neverConnected
    case .notHeardOfSinceRestart: .notHeardOf
    case .silentInstance: .silentInstance
    case .noFrames: .noFrames
    case .connectionClosed: .connectionClosed
    }
  }

  /// For the coach.
  var words: String {
    switch self {
    case .neverConnected: "has not connected yet"
    case .notHeardOfSinceRestart: "not heard of since session-svc was restarted"
    case .silentInstance(let instance, let seconds): "stream-svc@\(instance) has not reported for \(seconds) s"
    case .noFrames(let seconds): "connected, but no frames for \(seconds) s"
    case .connectionClosed: "the phone's connection is closed"
    }
  }
}
