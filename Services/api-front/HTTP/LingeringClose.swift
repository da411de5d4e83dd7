import Glibc
import Runtime

/// A connection that has been answered and closed, kept for a moment until its client has read the answer.
///
/// Closing with unread input would reset the connection and could take the answer with it (RFC 9112, section 9.6). lws
/// closes its descriptor; this one is a duplicate, from which what still comes is dropped.
final class LingeringClose {
  static let patience = Duration.seconds(1)
  private static let pieceBytes = 64 * 1024

  private let descriptor: Int32
  private let onEnd: (LingeringClose) -> Void
  private var watch: DescriptorWatch?

  /// nil where there is no descriptor left for it.
  init?(of connection: Int32, server: WebServer, onEnd: @escaping (LingeringClose) -> Void) {
    descriptor = fcntl(connection, F_DUPFD_CLOEXEC, 0)
    guard descriptor >= 0 else { return nil }
    self.onEnd = onEnd
    watch = server.watch(descriptor, .readable) { [unowned self] in drop() }
    watch?.start()
  }

  deinit {
    watch?.stop()
    Glibc.close(descriptor)
  }

  /// Whether there is input that nobody has read.
  static func hasInput(_ descriptor: Int32) -> Bool {
    var count: Int32 = 0
    return ioctl(descriptor, UInt(FIONREAD), &count) == 0 && count > 0
  }

  private func drop() {
    let count = withUnsafeTemporaryAllocation(byteCount: Self.pieceBytes, alignment: 1) {
      recv(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
    }
    if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { onEnd(self) }
  }
}
