import CGStreamer
import Timing

/// The two DataChannels that a phone opens, told apart by their labels.
enum PeerChannel: String, Sendable, CaseIterable {
  /// Reliable and ordered: hello, clock, acknowledgements, commands.
  case control
  /// Unordered and never sent again: what is lost is noticed by the missing acknowledgement.
  case frames
}

/// What a peer tells, from threads of GStreamer's.
enum PeerEvent: Sendable {
  /// The answer, without candidates.
  case described(answer: String)
  /// `candidate:…` of this side.
  case candidate(String)
  /// All candidates of this side are known.
  case gathered
  case opened(PeerChannel)
  case message(PeerMessage)
  case closed(PeerChannel)
  case failed(PeerFailure)
}

/// One message of a phone and the moment at which it came out of the SCTP association.
struct PeerMessage: Sendable {
  let channel: PeerChannel
  let isText: Bool
  let bytes: ReceivedBytes
  let arrived: SessionTime
}

/// Bytes in GStreamer's memory, kept there as long as somebody needs them.
///
/// `@unchecked Sendable` holds because a GBytes never changes and counts its references atomically.
final class ReceivedBytes: @unchecked Sendable {
  private let bytes: OpaquePointer?

  /// Takes a reference of its own. An empty message is nil.
  init(_ bytes: OpaquePointer?) { self.bytes = bytes.map { g_bytes_ref($0) } }

  init(copying text: UnsafeRawBufferPointer) { bytes = g_bytes_new(text.baseAddress, gsize(text.count)) }

  deinit { if let bytes { g_bytes_unref(bytes) } }

  var count: Int { bytes.map { Int(g_bytes_get_size($0)) } ?? 0 }

  func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var size: gsize = 0
    let start = bytes.flatMap { g_bytes_get_data($0, &size) }
    return try body(UnsafeRawBufferPointer(start: start, count: Int(size)))
  }
}

/// Why a peer could not be made or did not go on.
enum PeerFailure: Error, Equatable, Sendable {
  /// This machine cannot do WebRTC; the text says what is missing.
  case unavailable(String)
  /// webrtcbin did not take the description.
  case refused(String)
  /// The connection broke, or could not be made.
  case failed(String)
  /// The phone sends faster than its messages can be taken, or does not read what it is sent.
  case overloaded
}
