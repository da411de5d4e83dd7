import Bus
import Messages
import Timing

/// The checks that need nothing but the frame itself.
enum FrameCheck {
  /// - Parameter message: header and payload as the phone sent them.
  static func check(_ message: BusMessage, arrived: SessionTime) throws(FrameRefusal) -> CheckedFrame {
    let header = try message.withUnsafeBytes { bytes throws(FrameRefusal) in try check(bytes) }
    return CheckedFrame(header: header, message: message, arrived: arrived)
  }

  static func check(_ bytes: UnsafeRawBufferPointer) throws(FrameRefusal) -> FrameHeader {
    let header: FrameHeader
    let payload: UnsafeRawBufferPointer
    do {
      (header, payload) = try FrameHeader.decodeWhole(bytes)
    } catch {
      throw .unreadable(error)
    }
    let picture: JPEGStructure
    do {
      picture = try JPEGStructure(checking: payload)
    } catch {
      throw .notAPicture(error)
    }
    guard picture.width == header.width, picture.height == header.height else { throw .sizeMismatch }
    return header
  }
}
