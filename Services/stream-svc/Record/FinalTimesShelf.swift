import FoundationEssentials
import Messages
import Timing

/// Answers for a session's final times piece by piece, from one reading of the disk: a session's index files are read once, not
/// once for each piece. One session's at a time.
struct FinalTimesShelf {
  /// Who asks for one piece asks for the next within seconds.
  static let memory: Int64 = 60_000_000

  private struct Kept {
    let session: SessionID
    let times: RecordingLibrary.EncodedTimes
    var usedAt: SessionTime
  }

  private let library: RecordingLibrary
  private var kept: Kept?

  init(_ library: RecordingLibrary) { self.library = library }

  mutating func reply(to wanted: ReadFinalTimes, at now: SessionTime) -> ReadFinalTimes.Reply {
    forgetUnused(at: now)
    // Who begins wants what is known now.
    if wanted.offset <= 0 || kept?.session != wanted.session {
      kept = Kept(session: wanted.session, times: library.finalTimes(of: wanted.session), usedAt: now)
    }
    let reply = kept!.times.piece(from: wanted.offset)
    kept!.usedAt = now
    if wanted.offset + reply.piece.count >= reply.totalBytes { kept = nil }
    return reply
  }

  /// Called often.
  mutating func forgetUnused(at now: SessionTime) {
    if let used = kept?.usedAt, now - used > Self.memory { kept = nil }
  }

  mutating func forget(_ session: SessionID) { if kept?.session == session { kept = nil } }
}
