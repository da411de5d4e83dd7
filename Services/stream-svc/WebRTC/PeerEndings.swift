import Runtime
import Timing

/// Ends peers, one after the other, on a thread of their own.
///
/// To free a webrtcbin is to wait for a dozen threads of libraries that are not ours. One that never ends must not keep
/// others from connecting (so this is not the thread that answers offers) nor from ending (so it is left behind after a
/// while, with its threads and its memory, and the next ones go on). Belongs to the loop's thread.
final class PeerEndings {
  /// Ending a peer takes some milliseconds, on a busy machine a second.
  static let patience = Duration.seconds(10)
  /// So many may be left behind until this process starts anew; then those after them wait, and count as peers.
  static let maximumAbandoned = 8

  /// What the thread tells; the loop looks when it wants to know.
  private struct Progress: Sendable {
    /// Those whose end has begun, and when.
    var underWay: [UInt64: SessionTime] = [:]
    var ended = 0
  }

  /// Keeps what never runs from being freed, and with it the peer.
  private final class Kept {
    let end: @Sendable () -> Void
    init(_ end: @escaping @Sendable () -> Void) { self.end = end }
  }

  private let loop: EventLoop
  private let log: Log
  private let progress = Monitor(Progress())
  /// Made with the first end: at rest there is no thread of WebRTC's.
  private lazy var thread = PeerThread("webrtc-end")
  private var added = 0
  private var abandoned: Set<UInt64> = []
  private var reported: Set<UInt64> = []

  init(loop: EventLoop, log: Log) {
    self.loop = loop
    self.log = log
  }

  /// Peers that still hold what they held.
  var count: Int { added - progress.withLock { $0.ended } }

  /// Those of them that were left behind.
  var abandonedCount: Int { progress.withLock { progress in abandoned.count { progress.underWay[$0] != nil } } }

  /// Runs `end` of the peer with that number when those before it have ended.
  ///
  /// - Parameter before: the thread whose jobs of that peer, all queued by now, come first.
  func add(_ number: UInt64, after before: PeerThread, _ end: @escaping @Sendable () -> Void) {
    added += 1
    let isQueued = before.run(evenIfFull: true) { [thread, progress, time = loop.time] in
      let isQueued = thread.run(evenIfFull: true) {
        progress.change { $0.underWay[number] = time.now() }
        end()
        progress.change {
          $0.underWay[number] = nil
          $0.ended += 1
        }
      }
      if !isQueued { _ = Unmanaged.passRetained(Kept(end)) }
    }
    // The process stops: what is left is the system's to free. Freed here, the peer would hold up the loop.
    if !isQueued { _ = Unmanaged.passRetained(Kept(end)) }
  }

  /// Called every half second.
  func tick() {
    let now = loop.time.now()
    let underWay = progress.withLock { $0.underWay }
    abandoned.formIntersection(underWay.keys)
    reported.formIntersection(underWay.keys)
    for (number, since) in underWay where now - since > Self.patience.wholeMicroseconds {
      let isNew = reported.insert(number).inserted
      // One that waited because too many had been left behind goes the same way when there is a place again.
      let isLeftBehind = abandoned.count < Self.maximumAbandoned && abandoned.insert(number).inserted
      if isLeftBehind { thread.abandonJob() }
      guard isNew || isLeftBehind else { continue }
      log.error("peer_does_not_end", (.link, number), (.count, count), (.state, isLeftBehind ? "left behind" : "waits"))
    }
  }

  /// Ends those that wait. False when that takes longer than `limit`.
  func stop(within limit: Duration) -> Bool { added == 0 || thread.stop(within: limit) }
}
