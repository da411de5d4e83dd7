import Messages

/// How tokens stand, as read since anything was last written: phones and pages ask about the same few every second.
///
/// Exact as long as nobody else can write: whatever changes a row counts in `Database.totalChanges`, and with that all of it
/// is forgotten.
final class StandingCache {
  private struct Key: Hashable {
    let jti: String
    let device: DeviceID?
  }

  /// When full, everything is forgotten: the cache only saves queries.
  static let capacity = 4096

  private var entries: [Key: TokenStanding] = [:]
  private var totalChanges: Int64 = 0

  func standing(of jti: String, device: DeviceID?, at totalChanges: Int64) -> TokenStanding? {
    guard totalChanges == self.totalChanges else { return nil }
    return entries[Key(jti: jti, device: device)]
  }

  /// - Parameter totalChanges: as they were before the standing was read.
  func remember(_ standing: TokenStanding, of jti: String, device: DeviceID?, at totalChanges: Int64) {
    if totalChanges != self.totalChanges || entries.count >= Self.capacity {
      entries.removeAll(keepingCapacity: true)
      self.totalChanges = totalChanges
    }
    entries[Key(jti: jti, device: device)] = standing
  }
}
