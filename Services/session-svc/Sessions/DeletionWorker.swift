import Crypto
import Messages
import Runtime
import Storage
import Timing

/// Asks one place to remove what it holds of a session.
public protocol DeletionPeers {
  /// Calls `completion` once, before the request's own deadline has passed, with what this deletion removed there in all.
  func remove(
    _ session: SessionID, as deletion: DeletionID, from part: DeletionPart,
    _ completion: @escaping (Result<(items: Int, bytes: Int), ServiceError>) -> Void)
}

/// Carries deletions through: every part is asked until it has answered, across restarts of any service.
public final class DeletionWorker {
  private let store: any SessionStore
  private let peers: any DeletionPeers
  private let time: any TimeSource
  private let random: any RandomSource
  private let log: Log
  private let streamInstances: Int
  private var jobs: [SessionID: DeletionJob] = [:]
  private var waiting: [SessionID: [(DeletionReceipt) -> Void]] = [:]
  private var inFlight: [DeletionPart: Int] = [:]
  /// Those whose last answer was none, or a refusal.
  private var faltering: Set<DeletionPart> = []
  private var isAdvancing = false
  /// Rows were removed that can still be read in the store's log.
  private var needsScrub = false

  /// A retention run may find hundreds of sessions at once; each of the other services is asked for a few at a time. One that
  /// does not answer takes no other's turn.
  static let maximumInFlightOfPart = 8

  static let maximumWaiting = 16

  public init(
    store: any SessionStore, peers: any DeletionPeers, time: any TimeSource,
    random: any RandomSource = SecureRandom(), log: Log, streamInstances: Int
  ) throws(StorageError) {
    self.store = store
    self.peers = peers
    self.time = time
    self.random = random
    self.log = log
    self.streamInstances = streamInstances
    for record in try store.unfinishedDeletions() {
      let job = DeletionJob(try releaseRetiredInstances(from: record))
      if job.isFinished { conclude(job) } else { jobs[record.session] = job }
    }
    // A process that was killed between the last part and this left the rows of before in the log.
    scrub()
  }

  /// An instance that the operator has taken away answers no more, and need not: any other finds its recordings.
  private func releaseRetiredInstances(from record: DeletionRecord) throws(StorageError) -> DeletionRecord {
    var parts = record.parts
    for case (.stream(let instance), var result) in record.parts where instance > streamInstances && !result.isDone {
      result.isDone = true
      try store.record(result, of: .stream(instance: instance), in: record.session)
      parts[.stream(instance: instance)] = result
    }
    return DeletionRecord(session: record.session, id: record.id, devices: record.devices, parts: parts)
  }

  public var unfinished: Int { jobs.count }

  /// Removes the session's rows at once and has the rest removed. From here on nothing can bring it back.
  public func begin(_ session: SessionID) throws {
    guard jobs[session] == nil else { return }
    let parts = [DeletionPart.tokens, .gateway] + (1...streamInstances).map { .stream(instance: $0) }
    let id = DeletionID(Hexadecimal.encode(try random.bytes(16)))!
    // Nothing may fail between the store's taking it in and this: nobody would carry it on before the next start.
    let begun = try store.beginDeletion(session, as: id, parts: parts, at: time.utcMicroseconds())
    guard let record = try begun ?? store.deletion(of: session) else { throw SessionError.sessionNotFound }
    let job = DeletionJob(record)
    guard !job.isFinished else { return }
    jobs[session] = job
    needsScrub = needsScrub || begun != nil
    askWhoIsDue()
  }

  /// What has been removed so far; nil for a session that was never deleted.
  public func receipt(of session: SessionID) throws(StorageError) -> DeletionReceipt? {
    if let job = jobs[session] { return job.receipt }
    return try store.deletion(of: session).map { DeletionJob($0).receipt }
  }

  /// Calls `body` with the receipt: when the deletion finishes, at once if it has or if too many wait already.
  public func whenFinished(_ session: SessionID, _ body: @escaping (DeletionReceipt) -> Void) throws {
    if let job = jobs[session] {
      guard waiting[session, default: []].count < Self.maximumWaiting else { return body(job.receipt) }
      waiting[session, default: []].append(body)
    } else if let receipt = try receipt(of: session) {
      body(receipt)
    }
  }

  /// To be called each second: asks whoever is due, and sees to it that nothing can be read of what was deleted, however long
  /// a service stays away. Not in `begin`: a retention run begins hundreds of deletions, and each time the disk is waited for.
  public func advance() {
    if needsScrub { scrub() }
    askWhoIsDue()
  }

  private func askWhoIsDue() {
    // An answer that comes at once leads back here; the loop below goes on with what it changed.
    guard !isAdvancing else { return }
    isAdvancing = true
    defer { isAdvancing = false }
    while let (part, session) = nextDue() { ask(part, for: session) }
  }

  /// What has been due for longest, and so what was never asked before what is asked again.
  private func nextDue() -> (DeletionPart, SessionID)? {
    let now = time.now()
    var next: (part: DeletionPart, session: SessionID, since: SessionTime)?
    for (session, job) in jobs {
      for part in job.due(at: now, faltering: faltering)
      where inFlight[part, default: 0] < Self.maximumInFlightOfPart
        && job.notBefore(part) < next?.since ?? .distantFuture
      {
        next = (part, session, job.notBefore(part))
      }
    }
    return next.map { ($0.part, $0.session) }
  }

  private func ask(_ part: DeletionPart, for session: SessionID) {
    guard let deletion = jobs[session]?.id else { return }
    jobs[session]?.began(part)
    inFlight[part, default: 0] += 1
    peers.remove(session, as: deletion, from: part) { [weak self] result in
      guard let self else { return }
      inFlight[part, default: 0] -= 1
      if case .success = result { faltering.remove(part) } else { faltering.insert(part) }
      finish(part, of: session, result)
      askWhoIsDue()
    }
  }

  private func finish(
    _ part: DeletionPart, of session: SessionID, _ result: Result<(items: Int, bytes: Int), ServiceError>
  ) {
    guard var job = jobs[session] else { return }
    switch result {
    case .failure(let error):
      job.failed(part, at: time.now())
      log.warning("deletion_part_waits", (.session, session.text), (.service, part.name), (.code, error.code))
    case .success(let removed):
      var tried = job
      let stored = tried.succeeded(part, items: removed.items, bytes: removed.bytes, at: time.now())
      do {
        try store.record(stored, of: part, in: session)
        job = tried
      } catch {
        // Asked again later: to remove twice is the same as once.
        log.error("deletion_not_stored", (.session, session.text), (.error, error))
        job.failed(part, at: time.now())
      }
    }
    jobs[session] = job
    if job.isFinished { conclude(job) }
  }

  private func conclude(_ job: DeletionJob) {
    jobs[job.session] = nil
    scrub()
    log.info("session_deleted", (.session, job.session.text), (.bytes, job.receipt.recordingBytes))
    for body in waiting.removeValue(forKey: job.session) ?? [] { body(job.receipt) }
  }

  private func scrub() {
    needsScrub = false
    do { try store.scrub() } catch { log.warning("scrub_failed", (.error, error)) }
  }
}
