import Messages

@testable import StreamService

/// The input is a binary message as a phone sends it.
enum HeaderTarget {
  static func run(_ message: UnsafeRawBufferPointer) -> Int32 {
    if let header = try? FrameHeader(decoding: message) { checkHeader(header, of: message) }
    if let (header, payload) = try? FrameHeader.decodeWhole(message) { checkWhole(header, payload, of: message) }
    if let header = try? FrameCheck.check(message) {
      let picture = try? JPEGStructure(checking: UnsafeRawBufferPointer(rebasing: message[FrameHeader.size...]))
      hold(picture?.width == header.width && picture?.height == header.height, "a frame whose picture has another size")
    }
    return inputServed
  }

  /// Every accepted header has one spelling only: encoding it gives the bytes that were read.
  private static func checkHeader(_ header: FrameHeader, of message: UnsafeRawBufferPointer) {
    var writer = ByteWriter()
    header.encode(into: &writer)
    hold(message.count >= FrameHeader.size, "a header of \(message.count) bytes")
    hold(writer.bytes.elementsEqual(message.prefix(FrameHeader.size)), "a header that is written otherwise than read")
    hold(header.sequence > 0 && header.width > 0 && header.height > 0, "a header without sequence or size")
    hold((1...FrameHeader.maximumPayload).contains(Int(header.payloadLength)), "a payload out of bounds")
    hold(header.fragmentIndex < header.fragmentCount, "a fragment that is none of its frame's")
  }

  private static func checkWhole(
    _ header: FrameHeader, _ payload: UnsafeRawBufferPointer, of message: UnsafeRawBufferPointer
  ) {
    hold(header.fragmentCount == 1, "a fragment taken for a frame")
    hold(payload.count == Int(header.payloadLength), "a payload of another length than the header's")
    hold(payload.count + FrameHeader.size == message.count, "bytes that belong to nothing")
  }
}
