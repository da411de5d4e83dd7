import Runtime
import Timing

/// Ends peers, one after the other, on a thread of their own.
///
/// To free a webrtcbin is to wait for a dozen threads of libraries that are not ours. One that never ends must not keep
/// others from connecting (so this is not the thread that answers offers) nor from ending (so it is left behind after a
/// while, with a thread and its memory, and the next ones go on). Belongs to the loop's thread.
final class PeerEndings {
  /// Ending a peer takes some milliseconds, on a busy machine a second.
  static let patience = Duration.seconds(30)
  /// So many may be left behind until this process starts anew; then those after them wait, and count as peers.
  static let maximumAbandoned = 8

  private final class Weak {
    weak var endings: PeerEndings?
    init(_ endings: PeerEndings) { self.endings = endings }
  }

  private let loop: EventLoop
  private let log: Log
  private let makeThread: () -> PeerThread
  /// Made with the first end: at rest there is no thread of WebRTC's.
  private lazy var thread = makeThread()
  private var isStarted = false
  /// Those that wait and the one under way, in their order.
  private var numbers: [UInt64] = []
  /// Since when the first of them has been first.
  private var firstSince: SessionTime
  private(set) var abandonedCount = 0

  init(
    loop: EventLoop, log: Log, makeThread: @escaping () -> PeerThread = { PeerThread("webrtc-end") }
  ) {
    self.loop = loop
    self.log = log
    self.makeThread = makeThread
    firstSince = loop.time.now()
  }

  /// Peers that still hold what they held.
  var count: Int { numbers.count + abandonedCount }

  /// Runs `end` of the peer with that number when those before it have ended.
  ///
  /// - Parameter before: the thread whose jobs of that peer, all queued by now, come first.
  func add(_ number: UInt64, after before: PeerThread, _ end: @escaping @Sendable () -> Void) {
    if numbers.isEmpty { firstSince = loop.time.now() }
    numbers.append(number)
    isStarted = true
    let bound = LoopBound(Weak(self), on: loop)
    before.run(evenIfFull: true) { [thread, handle = loop.handle] in
      thread.run(evenIfFull: true) {
        end()
        handle.post { bound.withValue { $0.endings?.ended(number) } }
      }
    }
  }

  private func ended(_ number: UInt64) {
    if let index = numbers.firstIndex(of: number) {
      numbers.remove(at: index)
      firstSince = loop.time.now()
    } else {
      // One that was left behind has ended after all.
      abandonedCount -= 1
      log.info("peer_ended_late", (.link, number))
    }
  }

  /// Called every half second.
  func tick() {
    guard let first = numbers.first, abandonedCount < Self.maximumAbandoned,
      loop.time.now() - firstSince > Self.patience.wholeMicroseconds
    else { return }
    numbers.removeFirst()
    firstSince = loop.time.now()
    abandonedCount += 1
    thread.abandonJob()
    log.error("peer_does_not_end", (.link, first), (.count, abandonedCount))
  }

  /// Ends those that wait. False when that takes longer than `limit`.
  func stop(within limit: Duration) -> Bool { !isStarted || thread.stop(within: limit) }
}
