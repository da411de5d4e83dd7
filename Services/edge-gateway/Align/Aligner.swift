import Messages
import Timing

/// Brings the 2D poses of one session's cameras, filmed at irregular and different instants, to one common time grid.
///
/// A pure value: observations go in with the time of their arrival, sets come out of `poll`. A set goes out as soon as
/// every live camera has delivered a frame at or after its instant, at the latest when that is overdue, so that a stalled
/// phone delays the others only briefly. Instants only move forward. Memory is bounded.
public struct Aligner: Sendable {
  public let settings: AlignerSettings
  public private(set) var counters = AlignerCounters()

  private var tracks: [DeviceID: DeviceTrack] = [:]
  private var grid: TimeGrid?
  private let notBefore: SessionTime
  private var insertionsUntilGridCheck = 0
  /// How many cameras the grid's phase was chosen for.
  private var camerasInPhase = 0

  private static let insertionsPerGridCheck = 32
  private static let maxSetsPerPoll = 64

  /// - Parameter notBefore: instants before this are over: what a predecessor has already published.
  public init(settings: AlignerSettings = AlignerSettings(), notBefore: SessionTime = .zero) {
    self.settings = settings
    self.notBefore = notBefore
  }

  /// The grid's rate, once it is known.
  public var ratePerSecond: Double? { grid?.ratePerSecond }

  /// When `poll` should be called again even if nothing arrives. Nil while nothing could come of it.
  public func nextDeadline(now: SessionTime) -> SessionTime? {
    guard let instant = grid?.next, covers(instant) else { return nil }
    return deadline(of: instant, now: now)
  }

  // MARK: In

  public mutating func insert(_ observation: Observation2D, now: SessionTime) {
    counters.observations += 1
    guard observation.captured - now <= settings.futureTolerance else {
      counters.future += 1
      return
    }
    let oldestUseful = (grid?.next ?? notBefore) + -settings.longestInterpolation
    guard observation.captured > oldestUseful else {
      counters.late += 1
      return
    }
    if tracks[observation.key.device] == nil {
      guard tracks.count < settings.maxDevices else {
        counters.tooManyDevices += 1
        return
      }
      tracks[observation.key.device] = DeviceTrack(capacity: settings.keptPerDevice, now: now)
    }
    switch tracks[observation.key.device]?.insert(observation, now: now) {
    case .duplicate: counters.duplicate += 1
    case .keptAndDroppedOldest: counters.overflow += 1
    case .kept, nil: break
    }
    insertionsUntilGridCheck -= 1
    if grid == nil || insertionsUntilGridCheck <= 0 { settleGrid(now: now) }
  }

  private mutating func settleGrid(now: SessionTime) {
    insertionsUntilGridCheck = Self.insertionsPerGridCheck
    guard grid == nil || !settings.keepsGrid else { return }
    let live = tracks.values.filter { isLive($0, now) && $0.period != nil }
    guard live.count >= 2, let rate = settings.ratePerSecond ?? TimeGrid.rate(ofPeriods: live.compactMap(\.period))
    else { return }
    let frames = live.compactMap(\.newest)
    if let current = grid?.ratePerSecond {
      // One uneven step when a camera joins buys shorter waits from then on.
      guard (rate / current - 1).magnitude > 0.1 || live.count > camerasInPhase else { return }
      grid?.restart(ratePerSecond: rate, inPhaseWith: frames)
    } else {
      // From the first instant that two cameras have seen.
      let starts = live.compactMap(\.observations.first?.captured).sorted()
      grid = TimeGrid(ratePerSecond: rate, after: max(starts[1], notBefore + 1), inPhaseWith: frames)
    }
    camerasInPhase = live.count
  }

  // MARK: Out

  /// The sets that are due, in order of time.
  public mutating func poll(now: SessionTime) -> [AlignedSet] {
    var sets: [AlignedSet] = []
    while sets.count < Self.maxSetsPerPoll, let instant = grid?.next, isDue(instant, now: now) {
      if let resumed = gapEnd(after: instant, now: now) {
        counters.instantsWithTooFewCameras += grid?.skip(to: resumed) ?? 0
        continue
      }
      if let set = makeSet(at: instant) {
        counters.sets += 1
        sets.append(set)
      } else {
        counters.instantsWithTooFewCameras += 1
      }
      grid?.advance()
    }
    forgetOld(now: now)
    return sets
  }

  private mutating func isDue(_ instant: SessionTime, now: SessionTime) -> Bool {
    guard covers(instant) else { return false }
    let isWaitedFor = tracks.values.contains { isLive($0, now) && ($0.newest ?? .zero) < instant }
    if !isWaitedFor { return true }
    guard now >= deadline(of: instant, now: now) else { return false }
    counters.instantsPastDeadline += 1
    return true
  }

  private func covers(_ instant: SessionTime) -> Bool {
    tracks.values.contains { ($0.newest ?? .zero) >= instant }
  }

  private func deadline(of instant: SessionTime, now: SessionTime) -> SessionTime {
    let usual = tracks.values.lazy.filter { isLive($0, now) }.map { $0.lag + ($0.period ?? 0) }.max() ?? 0
    return instant
      + min(max(usual + settings.latenessMargin, settings.shortestLateness), settings.longestLateness)
  }

  /// Where to go on when fewer than two cameras have anything around `instant`: where two are back, or where a live
  /// camera would be. Nil when nothing is to be skipped.
  private func gapEnd(after instant: SessionTime, now: SessionTime) -> SessionTime? {
    let returns = tracks.values.compactMap { track -> SessionTime? in
      let (before, after) = track.neighbours(of: instant)
      if let before, instant - before.captured <= settings.longestInterpolation { return instant }
      return after?.captured
    }.sorted()
    let end = returns.count >= 2 ? returns[1] : now + -settings.longestLateness
    return end - instant > settings.longestInterpolation ? end : nil
  }

  private func makeSet(at instant: SessionTime) -> AlignedSet? {
    var views: [AlignedView] = []
    var bound: UInt32 = 0
    for (device, track) in tracks {
      guard let (view, error) = track.view(at: instant, device: device, settings: settings) else { continue }
      views.append(view)
      bound = max(bound, error)
    }
    guard views.count >= 2 else { return nil }
    return AlignedSet(
      time: instant, clockErrorBoundMicroseconds: bound, views: views.sorted { $0.device < $1.device })
  }

  private mutating func forgetOld(now: SessionTime) {
    guard let next = grid?.next else { return }
    for device in Array(tracks.keys) {
      tracks[device]?.prune(before: next, keeping: settings.longestInterpolation)
      // Gone for good, or for so long that it must start anew.
      if let track = tracks[device], track.observations.isEmpty, now - track.lastArrival > 60_000_000 {
        tracks[device] = nil
      }
    }
  }

  private func isLive(_ track: DeviceTrack, _ now: SessionTime) -> Bool {
    now - track.lastArrival <= settings.liveWindow
  }
}
