import Timing

/// A token bucket for each address, as a pure value.
///
/// Kept as the generic cell rate algorithm (ITU-T I.371) does: of each address only the instant at which its bucket is
/// full again. An address whose bucket is full needs no entry, so the table holds only who was busy of late.
struct RatePerAddress: Sendable {
  enum Decision: Equatable, Sendable {
    case admitted
    /// Whole seconds, at least 1, after which the same would be admitted if nothing else came.
    case refused(retryAfterSeconds: Int)
  }

  /// More addresses than this at once share one bucket: memory stays bounded, and a flood from many is still slowed.
  static let capacity = 10_000
  /// A full table is searched for entries that have lapsed no more often than this.
  private static let sweepPause = Duration.seconds(1)

  /// Time in which one token comes back, µs.
  private let interval: Int64
  private let burst: Int64
  private let capacity: Int
  private var fullAt: [ClientAddress: SessionTime] = [:]
  private var strangersFullAt = SessionTime.zero
  private var sweptAt: SessionTime?

  /// - Parameters:
  ///   - perMinute: tokens that come back in a minute, at least 1.
  ///   - burst: tokens of a full bucket, at least 1.
  init(perMinute: Int, burst: Int, capacity: Int = RatePerAddress.capacity) {
    interval = max(1, 60_000_000 / Int64(max(1, perMinute)))
    self.burst = Int64(max(1, burst))
    self.capacity = capacity
  }

  var trackedAddresses: Int { fullAt.count }

  /// Takes `cost` tokens if they are there. A cost above the burst counts as the burst.
  mutating func take(_ cost: Int = 1, from address: ClientAddress, at now: SessionTime) -> Decision {
    let decision = check(cost, of: address, at: now)
    if decision == .admitted { charge(cost, to: address, at: now) }
    return decision
  }

  /// Whether `cost` tokens are there, without taking them.
  func check(_ cost: Int = 1, of address: ClientAddress, at now: SessionTime) -> Decision {
    let lacking = missing(of: address, at: now) + min(Int64(cost), burst) * interval - burst * interval
    guard lacking > 0 else { return .admitted }
    return .refused(retryAfterSeconds: Int((lacking + 999_999) / 1_000_000))
  }

  /// Takes `cost` tokens, or what is left of them.
  mutating func charge(_ cost: Int = 1, to address: ClientAddress, at now: SessionTime) {
    let until = now + min(burst * interval, missing(of: address, at: now) + min(Int64(cost), burst) * interval)
    if fullAt[address] == nil, fullAt.count >= capacity { sweep(now) }
    if fullAt[address] != nil || fullAt.count < capacity { fullAt[address] = until } else { strangersFullAt = until }
  }

  /// Microseconds until the bucket is full again.
  private func missing(of address: ClientAddress, at now: SessionTime) -> Int64 {
    let known = fullAt[address] ?? (fullAt.count >= capacity ? strangersFullAt : .zero)
    return max(0, known - now)
  }

  private mutating func sweep(_ now: SessionTime) {
    if let sweptAt, now < sweptAt.advanced(by: Self.sweepPause) { return }
    sweptAt = now
    fullAt = fullAt.filter { $0.value > now }
  }
}
