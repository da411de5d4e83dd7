import Crypto
import Messages
import Storage
import Timing

/// Sessions, their devices and where these belong: the whole of session-svc but its sockets and deletions.
public final class SessionRegistry {
  let store: any SessionStore
  let time: any TimeSource
  private let random: any RandomSource
  /// How many stream-svc instances there are, numbered from 1.
  private let streamInstances: Int
  /// The lives of devices that were heard of; the others' begin when they are asked for. Reports come twice a second,
  /// so none of this needs storing.
  private(set) var lives: [DeviceKey: DeviceLife] = [:]
  private let startedAt: SessionTime
  /// Instances that do not answer: they get no cameras, and their cameras go elsewhere.
  public var instancesAway: Set<Int> = []
  /// A camera was moved to another instance.
  public var onMoved: (DeviceKey, _ instance: Int) -> Void = { _, _ in }

  public init(
    store: any SessionStore, time: any TimeSource, random: any RandomSource = SecureRandom(), streamInstances: Int
  ) {
    self.store = store
    self.time = time
    self.random = random
    self.streamInstances = streamInstances
    startedAt = time.now()
  }

  // MARK: Sessions

  public func create(_ request: CreateSession) throws -> SessionSummary {
    guard request.consent else { throw SessionError.consentRequired }
    guard request.mode.allowedDevices.contains(request.expectedDevices) else {
      throw SessionError.invalidExpectedDevices(request.mode)
    }
    guard (1...128).contains(request.userID.utf8.count), PlainText.isPlain(request.userID) else {
      throw SessionError.invalidUserID
    }
    if let name = request.session { return try insert(request, as: name).get() }
    for _ in 0..<8 {
      let name = try SessionName.make(utcMicroseconds: time.utcMicroseconds(), random: random)
      if case .success(let summary) = try insert(request, as: name) { return summary }
    }
    throw SessionError.noFreeName
  }

  /// The session that was withdrawn, if there was one to withdraw.
  public func withdraw(_ request: WithdrawSession) throws -> SessionID? {
    let withdrawn = try store.transaction(.process) { () throws(StorageError) -> SessionID? in
      guard let session = try store.session(madeBy: request.attempt), try store.devices(of: session).isEmpty else {
        return nil
      }
      try store.remove(session)
      return session
    }
    if withdrawn != nil { try store.scrub() }
    return withdrawn
  }

  public func end(_ request: EndSession) throws -> SessionSummary {
    let id = request.session
    let now = time.utcMicroseconds()
    return try store.transaction(.process) { () throws(StorageError) -> Result<SessionSummary, SessionError> in
      try store.end(id, at: now)
      return try found(id).map { $0.summary }
    }.get()
  }

  public func status(_ request: GetSessionStatus) throws -> GetSessionStatus.Reply {
    let found = try found(request.session).get()
    let now = time.now()
    let devices = found.devices.filter { !$0.isRemoved }.map { device in
      let life = life(of: device)
      let standing = life.standing(at: now)
      return DeviceStatus(
        device: device.key.device, metadata: device.shownMetadata, instance: device.instance, state: standing.state,
        cause: standing.cause?.code, reason: standing.cause?.words, report: life.report)
    }
    return GetSessionStatus.Reply(summary: found.summary, devices: devices, consent: found.record.consent)
  }

  public func list(_ request: ListSessions) throws -> ListSessions.Reply {
    if let after = request.after, try store.session(after) == nil { throw SessionError.sessionNotFound }
    let limit = min(max(request.limit, 1), 1000)
    let records = try store.sessions(limit: limit + 1, after: request.after)
    return ListSessions.Reply(
      sessions: try records.prefix(limit).map {
        FoundSession(record: $0, devices: try store.devices(of: $0.id)).summary
      },
      hasMore: records.count > limit)
  }

  // MARK: Devices

  /// Enters a device, or finds it: asking twice is the same as asking once.
  public func register(_ request: RegisterDevice) throws -> DevicePlacement {
    let metadata = try request.metadata.validated()
    let key = request.key
    let now = time.utcMicroseconds()
    return try store.transaction(.process) { () throws(StorageError) -> Result<DevicePlacement, SessionError> in
      let found: FoundSession
      switch try self.found(key.session) {
      case .failure(let error): return .failure(error)
      case .success(let known): found = known
      }
      var session = found.life
      let earlier = found.devices.first { $0.key == key }
      // The token that a removed phone had may be good for a moment longer; its place is not.
      if let earlier, earlier.isRemoved, earlier.grant == request.grant { return .failure(.deviceRemoved) }
      switch session.register(key.device) {
      case .refused(let error): return .failure(error)
      // It may be the removed phone under another name, with a QR that token-svc has yet to withdraw.
      case .new where found.awaitsRevocation: return .failure(.removalUnfinished)
      case .known where earlier?.metadata == metadata && earlier?.grant == request.grant:
        return .success(found.placement(of: earlier!))
      case .known, .new: break
      }
      let instance: Int
      if let earlier { instance = earlier.instance } else { instance = leastLoadedInstance(besides: found.devices) }
      let device = DeviceRecord(
        key: key, metadata: metadata, instance: instance,
        registeredAt: earlier.map { $0.isRemoved ? now : $0.registeredAt } ?? now,
        hasConnected: earlier.map { !$0.isRemoved && $0.hasConnected } ?? false, isRemoved: false, grant: request.grant,
        givenLabel: earlier?.givenLabel, grantExpiresAt: request.grantExpiresAt)
      try store.put(device)
      if lives[key] == nil { lives[key] = life(of: device, since: time.now()) }
      return .success(found.with(device).placement(of: device))
    }.get()
  }

  /// For a registered phone that connects or is connected: its place, if it is still welcome. A camera whose instance is
  /// away moves to one that is there; the recordings are where every instance finds them.
  public func locate(_ request: LocateDevice) throws -> DevicePlacement {
    let found = try found(request.key.session).get()
    let device = try found.registered(request.key).get()
    if found.life.isEnded { throw SessionError.sessionEnded }
    guard !isThere(device.instance), (1...streamInstances).contains(where: isThere) else {
      return found.placement(of: device)
    }
    let others = found.devices.filter { $0.key != device.key }
    let moved = device.placed(on: leastLoadedInstance(besides: others))
    try store.put(moved)
    lives[moved.key] = life(of: moved, since: time.now())
    onMoved(moved.key, moved.instance)
    return found.placement(of: moved)
  }

  private func isThere(_ instance: Int) -> Bool {
    (1...streamInstances).contains(instance) && !instancesAway.contains(instance)
  }

  /// Takes a report in. False for a device that is not (or no longer) registered, and for an outdated report.
  @discardableResult
  public func receive(_ report: DeviceReport) throws -> Bool {
    let known: DeviceLife?
    if let life = lives[report.key] {
      known = life
    } else {
      known = try store.device(report.key).flatMap { $0.isRemoved ? nil : life(of: $0) }
    }
    guard var life = known else { return false }
    let hadConnected = life.hasConnected
    guard life.receive(report, at: time.now()) else { return false }
    lives[report.key] = life
    if life.hasConnected, !hadConnected { try store.markConnected(report.key) }
    return true
  }

  /// Forgets what is kept in memory of a device that is removed.
  func forget(_ key: DeviceKey) { lives[key] = nil }

  /// Forgets what is kept in memory of a session that is deleted.
  public func forget(_ session: SessionID) { lives = lives.filter { $0.key.session != session } }

  /// Whether a device of the session is there now, which puts off its deletion for its age.
  public func isLive(_ session: SessionID) -> Bool {
    let now = time.now()
    return lives.contains { $0.key.session == session && $0.value.isThere(at: now) }
  }

  public var liveDevices: Int {
    let now = time.now()
    return lives.values.count { $0.isThere(at: now) }
  }

  // MARK: Inside

  private func insert(
    _ request: CreateSession, as name: SessionID
  ) throws(StorageError) -> Result<SessionSummary, SessionError> {
    let anchor = UTCAnchor(sessionTime: time.now(), utcMicroseconds: time.utcMicroseconds())
    let record = SessionRecord(
      id: name, mode: request.mode, userID: request.userID, expectedDevices: request.expectedDevices, anchor: anchor,
      consent: ConsentRecord(
        givenBy: request.userID, givenAt: anchor.utcMicroseconds, textVersion: request.consentVersion),
      endedAt: nil)
    // Consent must outlive even a power cut: frames are accepted because of it.
    return try store.transaction(.powerLoss) { () throws(StorageError) in
      guard try store.session(name) == nil else { return .failure(.sessionExists) }
      guard try store.forgetDeletion(of: name) else { return .failure(.sessionBeingDeleted) }
      try store.insert(record, attempt: request.attempt)
      return .success(FoundSession(record: record, devices: []).summary)
    }
  }

  func found(_ id: SessionID) throws(StorageError) -> Result<FoundSession, SessionError> {
    guard let record = try store.session(id) else { return .failure(.sessionNotFound) }
    return .success(FoundSession(record: record, devices: try store.devices(of: id)))
  }

  private func life(of device: DeviceRecord, since: SessionTime? = nil) -> DeviceLife {
    if let life = lives[device.key], life.instance == device.instance { return life }
    return DeviceLife(instance: device.instance, hasConnected: device.hasConnected, since: since ?? startedAt)
  }

  private func leastLoadedInstance(besides siblings: [DeviceRecord]) -> Int {
    let now = time.now()
    var live: [Int: Int] = [:]
    for life in lives.values where life.isThere(at: now) { live[life.instance, default: 0] += 1 }
    return Placement.leastLoaded(
      of: streamInstances, live: live,
      siblings: siblings.reduce(into: [:]) { if !$1.isRemoved { $0[$1.instance, default: 0] += 1 } },
      avoiding: instancesAway)
  }
}
