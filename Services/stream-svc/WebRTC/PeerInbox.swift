import Bus
import Messages
import Timing

/// What a phone's message on a DataChannel comes to.
enum PeerInput {
  case event(PhoneLinkEvent, at: SessionTime)
  /// Answer this, stamping t2 as late as can be; the sample is of the exchange before.
  case clock(ClockRequest, at: SessionTime)
  /// A fragment, or the same one again: nothing to do yet.
  case incomplete
  case refused(code: String, message: String)

  /// Reads one message; fragments are kept in `assembler`.
  static func read(_ message: PeerMessage, _ assembler: inout FragmentAssembler<ReceivedBytes>) -> PeerInput {
    message.isText ? text(message) : fragment(message, &assembler)
  }

  private static func text(_ message: PeerMessage) -> PeerInput {
    do {
      let said = try message.bytes.withUnsafeBytes { bytes throws(DecodingFailure) in
        try PhoneMessage(decoding: bytes)
      }
      if case .clock(let request) = said { return .clock(request, at: message.arrived) }
      return .event(.text(said), at: message.arrived)
    } catch {
      return .refused(
        code: "message_malformed", message: "The text message could not be read (\(error)). See PROTOCOL.md.")
    }
  }

  private static func fragment(
    _ message: PeerMessage, _ assembler: inout FragmentAssembler<ReceivedBytes>
  ) -> PeerInput {
    let bytes = message.bytes
    let header: FrameHeader
    do {
      header = try bytes.withUnsafeBytes { bytes throws(DecodingFailure) in try FrameHeader(decoding: bytes) }
    } catch {
      let refusal = FrameRefusal.unreadable(error)
      return .refused(code: refusal.code, message: refusal.message)
    }
    do throws(FragmentAssembler<ReceivedBytes>.Refusal) {
      let outcome = try assembler.add(
        header, bytes, bytes: bytes.count - FrameHeader.size, arrived: message.arrived)
      guard case .complete(let whole, let pieces, let arrived) = outcome else { return .incomplete }
      return .event(.frame(join(whole, pieces)), at: arrived)
    } catch {
      return refusal(error)
    }
  }

  /// The one copy that a frame's bytes are subject to here.
  private static func join(_ header: FrameHeader, _ pieces: [ReceivedBytes]) -> BusMessage {
    if pieces.count == 1 { return pieces[0].withUnsafeBytes { BusMessage(copying: $0) } }
    let builder = BusMessageBuilder(count: FrameHeader.size + Int(header.payloadLength))
    var writer = ByteWriter(reservingCapacity: FrameHeader.size)
    header.encode(into: &writer)
    writer.bytes.withUnsafeBytes { builder.append($0) }
    for piece in pieces {
      piece.withUnsafeBytes { builder.append(UnsafeRawBufferPointer(rebasing: $0[FrameHeader.size...])) }
    }
    return builder.finish()
  }

  private static func refusal(_ refusal: FragmentAssembler<ReceivedBytes>.Refusal) -> PeerInput {
    switch refusal {
    case .duplicate: .incomplete
    case .inconsistent:
      .refused(
        code: "fragment_inconsistent", message: "The fragments of one frame have unlike headers. Send all of it again.")
    case .wrongLength:
      .refused(
        code: "frame_malformed", message: "The fragments are not together as long as the frame's header says.")
    case .tooManyFragments(let limit):
      .refused(code: "too_many_fragments", message: "A frame may have \(limit) fragments. Make them larger.")
    }
  }
}
