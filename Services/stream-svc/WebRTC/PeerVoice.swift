import CGStreamer
import Runtime
import Synchronization
import Timing

/// Hands what a peer tells over to the loop, within bounds, until it is silenced.
///
/// Its methods are called on webrtcbin's threads. A frame that the loop has no room for is shed: the phone sends it again
/// when it is not acknowledged. The control channel has nothing to shed, so its overflow ends the peer.
final class PeerVoice: Sendable {
  private struct State {
    var isSilent = false
    var hasFailed = false
    var waitingMessages = 0
    var waitingBytes = 0
    var channels: [PeerChannel: ChannelHandle] = [:]
    /// Channels that are not listened to.
    var others: [ChannelHandle] = []
  }

  /// A DataChannel of webrtcbin's, with a reference of ours.
  struct ChannelHandle: @unchecked Sendable {
    let pointer: OpaquePointer
  }

  private let state = Mutex(State())
  private let handle: LoopHandle
  private let time: any TimeSource
  private let onLoop: @Sendable (PeerEvent) -> Void
  private let shed = Atomic<Int>(0)

  /// About two of the largest frames, or a second of a phone's usual ones.
  static let maximumWaitingBytes = 16 * 1024 * 1024
  static let maximumWaitingMessages = 4096
  /// webrtcbin spends two threads on each channel.
  static let maximumOtherChannels = 6

  /// - Parameter onLoop: called on the loop's thread.
  init(_ handle: LoopHandle, time: any TimeSource, onLoop: @escaping @Sendable (PeerEvent) -> Void) {
    self.handle = handle
    self.time = time
    self.onLoop = onLoop
  }

  /// Frames, or fragments of them, that were not handed over; each is counted once.
  func takeShedCount() -> Int { shed.exchange(0, ordering: .relaxed) }

  func tell(_ event: PeerEvent) {
    guard !state.withLock({ $0.isSilent }) else { return }
    handle.post { [onLoop] in onLoop(event) }
  }

  func fail(_ failure: PeerFailure) {
    let isFirst = state.withLock { state in
      defer { state.hasFailed = true }
      return !state.hasFailed
    }
    if isFirst { tell(.failed(failure)) }
  }

  func receive(_ bytes: ReceivedBytes, on channel: PeerChannel, isText: Bool) {
    let arrived = time.now()
    let count = bytes.count
    let isAdmitted = state.withLock { state in
      guard !state.isSilent, state.waitingMessages < Self.maximumWaitingMessages,
        state.waitingBytes + count <= Self.maximumWaitingBytes
      else { return false }
      state.waitingMessages += 1
      state.waitingBytes += count
      return true
    }
    let message = PeerMessage(channel: channel, isText: isText, bytes: bytes, arrived: arrived)
    if isAdmitted, handle.post({ [self] in deliver(message, count) }) { return }
    if isAdmitted { release(count) }
    guard channel == .frames else { return fail(.overloaded) }
    shed.add(1, ordering: .relaxed)
  }

  private func deliver(_ message: PeerMessage, _ count: Int) {
    release(count)
    guard !state.withLock({ $0.isSilent }) else { return }
    onLoop(.message(message))
  }

  private func release(_ count: Int) {
    state.withLock { state in
      state.waitingMessages -= 1
      state.waitingBytes -= count
    }
  }

  // MARK: Channels

  /// Keeps `channel`, of which the caller holds a reference that is now ours. False: nobody listens to it. A peer with more
  /// channels than it needs fails.
  ///
  /// webrtcbin drops a channel when it closes, and goes on using it (1.22): it is kept until the peer has stopped.
  ///
  /// - Parameter kind: nil for a channel of another name.
  func keep(_ channel: ChannelHandle, as kind: PeerChannel?) -> Bool {
    enum Place { case heard, unheard, none }
    let place = state.withLock { state -> Place in
      if let kind, !state.isSilent, state.channels[kind] == nil {
        state.channels[kind] = channel
        return .heard
      }
      guard state.others.count < Self.maximumOtherChannels else { return .none }
      state.others.append(channel)
      return .unheard
    }
    if place == .none {
      g_object_unref(UnsafeMutableRawPointer(channel.pointer))
      fail(.overloaded)
    }
    return place == .heard
  }

  /// Runs `body` with the channel, held for so long; nil when there is none (any more).
  func withChannel<Result>(_ kind: PeerChannel, _ body: (OpaquePointer) -> Result) -> Result? {
    let channel = state.withLock { state -> ChannelHandle? in
      guard !state.isSilent, let channel = state.channels[kind] else { return nil }
      g_object_ref(UnsafeMutableRawPointer(channel.pointer))
      return channel
    }
    guard let channel else { return nil }
    defer { g_object_unref(UnsafeMutableRawPointer(channel.pointer)) }
    return body(channel.pointer)
  }

  /// Nothing is told from now on, and nothing said.
  func silence() { state.withLock { $0.isSilent = true } }

  /// Gives the channels back, when webrtcbin's threads have ended.
  func letGo() {
    let channels = state.withLock { state in
      state.isSilent = true
      defer { (state.channels, state.others) = ([:], []) }
      return state.others + state.channels.values
    }
    for channel in channels { g_object_unref(UnsafeMutableRawPointer(channel.pointer)) }
  }
}
