import Messages
import Runtime
import Timing

/// Sees to it that the poses of each session that has ended are made once more with final times: which sessions wait for that,
/// and when each is looked at next. What waits stands on disk (`SessionFolder.awaitsFinalPoses`), so that it outlives a kill.
///
/// Belongs to the loop's thread. One session at a time.
final class FinalPosesWorker {
  /// Asks session-svc whether the session has ended; nil: it cannot say now.
  typealias AskState = (SessionID, @escaping (Result<SessionState, ServiceError>) -> Void) -> Void
  /// Asks a stream-svc instance for a piece of the session's final times.
  typealias AskTimes = (ReadFinalTimes, _ attempt: Int, @escaping (Result<ReadFinalTimes.Reply, ServiceError>) -> Void)
    -> Void

  private struct Waiting {
    var nextLook: SessionTime
    var attempts = 0
    /// How often the times were asked for while a phone's files were in use.
    var inUse = 0
    /// How often the work itself failed.
    var failures = 0
  }

  static let shortestPause: Int64 = 2_000_000
  static let longestPause: Int64 = 300_000_000
  /// A folder that is in use for longer is another take's, or a broken disk's: what there is of times has to do.
  static let maximumInUse = 30
  /// After so many failures the session is left alone until this service starts anew: it stands on disk that it waits.
  static let maximumFailures = 12

  private static let diskPause = Duration.milliseconds(5)

  private let sessions: Reconstructions
  private let loop: EventLoop
  private let log: Log
  private let askState: AskState
  private let askTimes: AskTimes
  private var waiting: [SessionID: Waiting] = [:]
  private var atWork: SessionID?

  init(
    sessions: Reconstructions, loop: EventLoop, log: Log, askState: @escaping AskState, askTimes: @escaping AskTimes
  ) {
    self.sessions = sessions
    self.loop = loop
    self.log = log
    self.askState = askState
    self.askTimes = askTimes
    for session in sessions.awaitingFinalPoses { waiting[session] = Waiting(nextLook: loop.time.now()) }
  }

  /// Something came of this session: it is looked at when it has been quiet for a while.
  func heard(of session: SessionID) {
    waiting[session] = Waiting(nextLook: loop.time.now() + Self.shortestPause)
  }

  func forget(_ session: SessionID) { waiting[session] = nil }

  /// Looks at the session that has waited longest, if one is due.
  func advance() {
    let now = loop.time.now()
    guard atWork == nil, let (session, entry) = waiting.min(by: { $0.value.nextLook < $1.value.nextLook }),
      entry.nextLook <= now
    else { return }
    atWork = session
    askState(session) { [weak self] result in self?.heard(result, session) }
  }

  private func heard(_ result: Result<SessionState, ServiceError>, _ session: SessionID) {
    switch result {
    case .success(.ended): readTimes(session, attempt: waiting[session]?.attempts ?? 0, so: [])
    case .failure(let error) where error.status == 404:
      // Its deletion is under way, or was finished while this service was away.
      forgetAtWork(session)
    default: later(session)
    }
  }

  private func readTimes(_ session: SessionID, attempt: Int, so far: [UInt8], of total: Int? = nil) {
    askTimes(ReadFinalTimes(session: session, offset: far.count), attempt) { [weak self] result in
      guard let self else { return }
      guard case .success(let reply) = result, total == nil || total == reply.totalBytes else { return later(session) }
      if reply.devicesInUse > 0, (waiting[session]?.inUse ?? 0) < Self.maximumInUse {
        waiting[session]?.inUse += 1
        return again(session, after: Self.shortestPause)
      }
      let all = far + Array(reply.piece)
      if all.count < reply.totalBytes, !reply.piece.isEmpty {
        return readTimes(session, attempt: attempt, so: all, of: reply.totalBytes)
      }
      begin(session, all)
    }
  }

  private func begin(_ session: SessionID, _ bytes: [UInt8]) {
    do {
      let times = try FinalTimes(decoding: bytes)
      guard let reconstruction = try sessions.existing(session, now: loop.time.now()) else {
        return forgetAtWork(session)
      }
      // The live poses' rate is that of these, too.
      reconstruction.whenRestored { [weak self] in self?.begin(reconstruction, times) }
    } catch {
      failed(session, error)
    }
  }

  private func begin(_ reconstruction: SessionReconstruction, _ times: FinalTimes) {
    let session = reconstruction.session
    do {
      guard !sessions.isDeleted(session, now: loop.time.now()), let job = try reconstruction.beginFinalPoses(times)
      else {
        return forgetAtWork(session)
      }
      proceed(job, reconstruction)
    } catch {
      failed(session, error)
    }
  }

  /// One step now, the next after the loop had a turn.
  private func proceed(_ job: FinalPosesJob, _ reconstruction: SessionReconstruction) {
    let session = reconstruction.session
    do {
      guard !sessions.isDeleted(session, now: loop.time.now()) else { return done(session) }
      guard try job.step() else {
        let pause = job.waitsForDisk ? Self.diskPause : .zero
        loop.after(pause) { [weak self] in self?.proceed(job, reconstruction) }
        return
      }
      reconstruction.finalPosesAreMade(by: job)
      log.journalDamage(job.damage, job.source, session)
      log.info("final_poses_made", (.session, session.text), (.count, job.poses), (.frames, job.corrected))
      done(session)
    } catch {
      failed(session, error)
    }
  }

  private func failed(_ session: SessionID, _ error: any Error) {
    log.error("final_poses_failed", (.session, session.text), (.error, String(describing: error)))
    waiting[session]?.failures += 1
    if let failures = waiting[session]?.failures, failures >= Self.maximumFailures {
      log.error("final_poses_given_up", (.session, session.text), (.count, failures))
      return forgetAtWork(session)
    }
    later(session)
  }

  private func forgetAtWork(_ session: SessionID) {
    atWork = nil
    waiting[session] = nil
  }

  private func done(_ session: SessionID) {
    forgetAtWork(session)
    // Something came while the work was done.
    if sessions.awaitsFinalPoses(session, now: loop.time.now()) { heard(of: session) }
  }

  /// The pause grows with every look.
  private func later(_ session: SessionID) {
    let attempts = (waiting[session]?.attempts ?? 0) + 1
    waiting[session]?.attempts = attempts
    again(session, after: min(Self.longestPause, Self.shortestPause << min(attempts, 10)))
  }

  private func again(_ session: SessionID, after pause: Int64) {
    atWork = nil
    waiting[session]?.nextLook = loop.time.now() + pause
  }
}
