import Messages
import Timing

/// A device's life as a pure value: registered → connected → streaming → stale → gone, and back.
///
/// Its facts are the reports of the device's stream-svc instance and the time that has passed since.
struct DeviceLife: Hashable {
  struct Standing: Hashable {
    let state: DeviceState
    /// In words, for the coach; nil where the state says it all.
    let reason: String?
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
      guard hasConnected else { return Standing(state: .registered, reason: "has not connected yet") }
      return lapsed(silence, "not heard of since session-svc was restarted")
    }
    if silence > Self.staleAfter.wholeMicroseconds {
      return lapsed(silence, "stream-svc@\(instance) has not reported for \(silence / 1_000_000) s")
    }
    guard let lastFrameAt = report.lastFrameAt else {
      if report.transport != nil { return Standing(state: .connected, reason: nil) }
      guard hasConnected else { return Standing(state: .registered, reason: "has not connected yet") }
      return lapsed(now - (unconnectedSince ?? now), "the phone's connection is closed")
    }
    let age = now - lastFrameAt
    if age <= Self.staleAfter.wholeMicroseconds { return Standing(state: .streaming, reason: nil) }
    // With its connection open the phone is there, it only sends nothing.
    if report.transport != nil {
      return Standing(state: .stale, reason: "connected, but no frames for \(age / 1_000_000) s")
    }
    return lapsed(age, "the phone's connection is closed")
  }

  /// Whether the phone takes up its instance: it is there, or may come back any moment.
  func isThere(at now: SessionTime) -> Bool {
    switch standing(at: now).state {
    case .connected, .streaming, .stale: true
    case .registered: now - heardAt <= Self.goneAfter.wholeMicroseconds
    case .gone: false
    }
  }

  private func lapsed(_ microseconds: Int64, _ reason: String) -> Standing {
    Standing(state: microseconds > Self.goneAfter.wholeMicroseconds ? .gone : .stale, reason: reason)
  }
}
