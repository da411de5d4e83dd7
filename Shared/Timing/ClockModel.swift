/// Knows one device's clock from the exchanges with it: turns `DeviceTime` into `SessionTime`, with an honest bound.
///
/// A pure value: exchanges go in, readings come out, nothing waits and nothing is random. Live readings ascend with the
/// device's clock even when the estimate is corrected backwards.
public struct ClockModel: Sendable {
  /// What became of an exchange.
  public enum Verdict: Equatable, Sendable {
    case used
    /// Its stamps contradict each other, or it took too long to tell anything.
    case refused
    /// It contradicts the clock as known. Either it is wrong or the clock jumped; more exchanges will tell.
    case suspected
    /// The clock stopped or jumped, as after sleep: it is known anew from this and the exchanges before it.
    case restarted
  }

  /// Exchanges older than this no longer count.
  private static let windowMicroseconds: Int64 = 120_000_000
  private static let maximumGates = 256
  /// Kept however old: after a long silence an old estimate is better than none.
  private static let minimumGates = 8
  private static let maximumRoundTrip: Int64 = 10_000_000
  /// 285 years: what a double holds exactly.
  private static let farthestStamp: Int64 = 1 << 53
  /// ppm, either way; phones are within 100.
  static let maximumRate = 200.0
  /// µs per second: how much a crystal's rate changes while the phone warms up, or a time service pulls at a clock.
  static let wander = 1.0
  /// Exchanges that must agree with each other before a jump is believed.
  static let jumpWitnesses = 3
  private static let maximumEras = 8
  /// Exchanges come once a second; without one for so long something holds them up.
  private static let longSilence: Int64 = 5_000_000

  /// A stretch of device time through which the clock ran evenly.
  private struct Era: Sendable {
    let start: DeviceTime
    let fit: ClockFit
  }

  private var gates: [ClockGate] = []
  private var suspects: [ClockGate] = []
  private var fit: ClockFit?
  private var eraStart = DeviceTime(microseconds: .min)
  private var pastEras: [Era] = []
  private var resolution = ClockResolution()
  private var newestLive: (device: DeviceTime, session: SessionTime)?
  /// How many times the clock was found to have jumped.
  public private(set) var jumps = 0

  public init() {}

  /// Whether there is an estimate.
  public var isKnown: Bool { fit != nil }

  // MARK: - Exchanges in

  @discardableResult
  public mutating func add(_ sample: ClockSample) -> Verdict {
    let served = sample.serverSent - sample.serverReceived
    let roundTrip = sample.roundTripMicroseconds
    let step = Int64(resolution.microseconds)
    let stamps = [sample.deviceSent.microseconds, sample.deviceReceived.microseconds]
    guard (0...Self.maximumRoundTrip).contains(served), (-2 * step...Self.maximumRoundTrip).contains(roundTrip),
      stamps.allSatisfy({ (-Self.farthestStamp...Self.farthestStamp).contains($0) })
    else { return .refused }
    let gate = ClockGate(sample)
    guard agrees(gate) else { return suspect(gate, sample) }
    suspects = []
    resolution.observe(sample)
    gates.append(gate)
    refit()
    return .used
  }

  private func agrees(_ gate: ClockGate) -> Bool {
    guard let fit, let newest = gates.last else { return true }
    let silence = Double((gate.lower.at - newest.lower.at).magnitude) / 1e6
    let slack = 2 * resolution.microseconds + 200 + 2 * silence
    let high = fit.offset(at: gate.lower.at)
    let low = fit.offset(at: gate.upper.at)
    return Double(gate.lower.offsetMicroseconds) <= high.microseconds + high.bound + slack
      && Double(gate.upper.offsetMicroseconds) >= low.microseconds - low.bound - slack
  }

  private mutating func suspect(_ gate: ClockGate, _ sample: ClockSample) -> Verdict {
    suspects.append(gate)
    if fitting(suspects) == nil { suspects = [gate] }
    guard suspects.count >= Self.jumpWitnesses else { return .suspected }
    let start = suspects[0].upper.at
    if let fit, start > eraStart {
      pastEras = pastEras.suffix(Self.maximumEras - 1) + [Era(start: eraStart, fit: fit)]
    } else {
      // The clock went back, as after a reload: earlier eras share its times and cannot be told apart.
      pastEras = []
    }
    eraStart = start
    gates = suspects
    suspects = []
    newestLive = nil
    resolution = ClockResolution()
    resolution.observe(sample)
    jumps += 1
    refit()
    return .restarted
  }

  private mutating func refit() {
    let newest = gates[gates.count - 1].lower.at
    let old = gates.prefix(max(0, gates.count - Self.minimumGates))
      .prefix { newest - $0.lower.at > Self.windowMicroseconds }.count
    gates.removeFirst(max(old, gates.count - Self.maximumGates))
    // Where no line passes the clock did not run evenly through the window: believe the younger half.
    while true {
      fit = fitting(gates)
      if fit != nil || gates.count == 1 { return }
      gates.removeFirst((gates.count + 1) / 2)
    }
  }

  private func fitting(_ gates: [ClockGate]) -> ClockFit? {
    ClockFit(
      gates, around: gates[gates.count - 1].lower.at, slack: resolution.microseconds, wander: Self.wander,
      maximumRate: Self.maximumRate)
  }

  // MARK: - Readings out

  /// When `device` showed on the device's clock; nil before the first exchange.
  ///
  /// Later device times give later session times; times before the newest one asked for (a frame sent again) are read
  /// as they are.
  public mutating func reading(of device: DeviceTime) -> ClockReading? {
    guard var reading = estimate(of: device) else { return nil }
    if let newest = newestLive, device > newest.device, reading.time <= newest.session {
      // The estimate was corrected backwards since: stay in order, and own up to the shift.
      let shift = newest.session + 1 - reading.time
      reading = ClockReading(
        time: newest.session + 1,
        errorBoundMicroseconds: Self.bound(Double(reading.errorBoundMicroseconds) + Double(shift)))
    }
    if newestLive.map({ device > $0.device }) ?? true { newestLive = (device, reading.time) }
    return reading
  }

  /// The best estimate for `device` as it stands, in no particular order.
  public func estimate(of device: DeviceTime) -> ClockReading? {
    guard let current = fit else { return nil }
    let isPast = device < eraStart
    let fit = isPast ? pastEras.last { $0.start <= device }?.fit ?? current : current
    let (offset, room) = fit.offset(at: device)
    var bound = room + resolution.microseconds
    for suspect in suspects where !isPast {
      bound = max(
        bound, abs(Double(suspect.upper.offsetMicroseconds) - offset),
        abs(Double(suspect.lower.offsetMicroseconds) - offset))
    }
    return ClockReading(time: fit.sessionTime(of: device), errorBoundMicroseconds: Self.bound(bound))
  }

  /// The clock as it is known at `now`, for people.
  public func state(at now: SessionTime) -> ClockState? {
    guard let fit, let newest = gates.last else { return nil }
    let device = DeviceTime(microseconds: now.microseconds &- newest.lower.offsetMicroseconds)
    guard let reading = estimate(of: device) else { return nil }
    let silence = max(0, device - newest.lower.at)
    return ClockState(
      offsetMicroseconds: fit.offset(at: device).microseconds,
      errorBoundMicroseconds: reading.errorBoundMicroseconds, driftPpm: -fit.rate,
      cause: cause(of: reading.errorBoundMicroseconds, silence: silence))
  }

  /// The largest part of the bound; nil when the bound is good.
  private func cause(of bound: UInt32, silence: Int64) -> ClockCause? {
    guard ClockQuality(errorBoundMicroseconds: bound) != .good else { return nil }
    if !suspects.isEmpty { return .clockJumped }
    if silence > Self.longSilence { return .noRecentExchange }
    let trip = Double(gates.lazy.map(\.roundTripMicroseconds).min() ?? 0) / 2
    let steps = 2 * resolution.microseconds
    let rest = Double(bound) - trip - steps
    if rest > max(trip, steps) { return jumps > 0 && gates.count < Self.minimumGates ? .clockJumped : .fewExchanges }
    return trip >= steps ? .slowNetwork : .coarseClock
  }

  static func bound(_ microseconds: Double) -> UInt32 {
    // The largest value means "not known at all".
    UInt32(min(max(microseconds.rounded(.up), 1), Double(UInt32.max - 1)))
  }
}
