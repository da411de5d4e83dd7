import Messages
import Runtime
import Timing

/// The sessions that are at work, by name; the others sleep on disk until somebody asks for them.
final class Reconstructions {
  /// Sessions kept in memory.
  static let maxOpen = 256
  /// A session that was unused for so long makes room for another, microseconds. One at work never does: it would be
  /// read from disk again with its next frame.
  static let idle: Int64 = 60_000_000
  /// How long what still arrives for a deleted session is thrown away, microseconds.
  static let deletionMemory: Int64 = 600_000_000
  static let maxDeleted = 1024

  private let root: String
  private let log: Log
  private let loop: EventLoop?
  private var open: [SessionID: SessionReconstruction] = [:]
  private var deleted: [SessionID: SessionTime] = [:]
  /// What earlier processes left of these is being read, one after the other.
  private var restoring: [SessionReconstruction] = []
  private var isRestoring = false

  /// - Parameter loop: has its turns while sessions are taken up from disk; without one that is done at once.
  init(stateDirectory: String, log: Log, loop: EventLoop? = nil) throws(SystemError) {
    self.loop = loop
    root = SessionFolder.root(stateDirectory: stateDirectory)
    self.log = log
    try makeDirectories(root)
    tidyRemovals()
  }

  /// Once in a while: finishes what was left of deleted sessions, and forgets what was told of them.
  func tidyRemovals() { SessionFolder.removal(root: root, log: log).tidy() }

  /// Sessions on disk whose final poses are still to be made.
  var awaitingFinalPoses: [SessionID] {
    folderNames(in: root).compactMap { SessionID($0) }.filter {
      SessionFolder(root: root, session: $0).awaitsFinalPoses
    }
  }

  func awaitsFinalPoses(_ id: SessionID, now: SessionTime) -> Bool {
    !isDeleted(id, now: now) && SessionFolder(root: root, session: id).awaitsFinalPoses
  }

  var all: some Collection<SessionReconstruction> { open.values }

  /// The session, taken up from disk or new. Throws `ServiceError.tooManySessions` or `SystemError`.
  func session(_ id: SessionID, now: SessionTime) throws -> SessionReconstruction {
    if let known = open[id] { return known }
    if open.count >= Self.maxOpen {
      guard let oldest = open.values.filter(\.isRestored).min(by: { $0.lastUse < $1.lastUse }),
        now - oldest.lastUse > Self.idle
      else {
        throw ServiceError.tooManySessions
      }
      close(oldest)
    }
    let made = try SessionReconstruction(session: id, root: root, log: log, now: now)
    open[id] = made
    if !made.isRestored {
      restoring.append(made)
      restoreSome()
    }
    return made
  }

  /// One step now, the next after the loop had a turn.
  private func restoreSome() {
    guard !isRestoring, let first = restoring.first else { return }
    guard let loop else {
      while !first.restoreStep() {}
      restoring.removeAll { $0 === first }
      return
    }
    isRestoring = true
    loop.after(.zero) { [weak self] in
      guard let self else { return }
      isRestoring = false
      if let first = restoring.first, first.restoreStep() { restoring.removeAll { $0 === first } }
      restoreSome()
    }
  }

  private func close(_ session: SessionReconstruction) {
    open[session.session] = nil
    restoring.removeAll { $0 === session }
    session.endRestoration()
  }

  /// The session if there is anything of it.
  func existing(_ id: SessionID, now: SessionTime) throws -> SessionReconstruction? {
    if let known = open[id] { return known }
    return SessionFolder(root: root, session: id).exists ? try session(id, now: now) : nil
  }

  func isDeleted(_ id: SessionID, now: SessionTime) -> Bool {
    guard let since = deleted[id] else { return false }
    return now - since < Self.deletionMemory
  }

  /// Whether a session of that name was deleted at `moment` or since.
  func isDeleted(_ id: SessionID, since moment: SessionTime) -> Bool { deleted[id].map { $0 >= moment } ?? false }

  /// A session of that name was made anew. Only session-svc can say so, and only when asked after the deletion.
  func revive(_ id: SessionID) { deleted[id] = nil }

  /// Removes everything of a session. Answers the number of files that this deletion removed in all.
  func delete(_ id: SessionID, for deletion: DeletionID, now: SessionTime) throws -> Int {
    // Those who wait for it are told when it is gone.
    let known = open[id]
    defer { if let known { close(known) } }
    open[id] = nil
    if deleted.count >= Self.maxDeleted {
      deleted = deleted.filter { now - $0.value < Self.deletionMemory }
      if deleted.count >= Self.maxDeleted, let oldest = deleted.min(by: { $0.value < $1.value }) {
        deleted[oldest.key] = nil
      }
    }
    deleted[id] = now
    return try SessionFolder.delete(id, root: root, for: deletion, log: log)
  }
}
