/// Which stream-svc instances are away, by the questions that they left unanswered: a pure value.
///
/// Questions are counted and not seconds, so that a session-svc that was itself suspended finds nobody guilty.
struct InstanceWatch: Hashable {
  /// So many in a row: longer than a restart takes, so that a killed instance gets its cameras back.
  static let patience = 6

  private var unanswered: [Int: Int] = [:]

  var away: Set<Int> { Set(unanswered.filter { $0.value >= Self.patience }.keys) }

  mutating func answered(_ instance: Int) { unanswered[instance] = nil }

  mutating func missed(_ instance: Int) { unanswered[instance, default: 0] += 1 }
}
