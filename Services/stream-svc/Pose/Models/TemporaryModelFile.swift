import Glibc

/// A model on disk for as long as OpenVINO needs to read it: its TFLite reader takes a path that ends in `.tflite`, and
/// no memory.
///
/// It lies in the service's run-time folder, which goes with the service: in /tmp it would stay after a kill.
final class TemporaryModelFile {
  let path: String

  init(_ bytes: [UInt8]) throws(PoseError) {
    let directory = Self.directory
    let suffix = ".tflite"
    var template = Array((directory + "/axolotl-model-XXXXXX" + suffix).utf8CString)
    let descriptor = mkstemps(&template, Int32(suffix.utf8.count))
    guard descriptor >= 0 else { throw .temporaryFileFailed(directory: directory, errno: errno) }
    path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    let failure = Self.write(bytes, to: descriptor)
    close(descriptor)
    if let failure {
      unlink(path)
      throw .temporaryFileFailed(directory: directory, errno: failure)
    }
  }

  deinit { unlink(path) }

  /// The first of systemd's `RUNTIME_DIRECTORY` (systemd.exec(5)); a bench or a test has none.
  private static var directory: String {
    if let folders = getenv("RUNTIME_DIRECTORY"), let first = String(cString: folders).split(separator: ":").first {
      return String(first)
    }
    return getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
    bytes.withUnsafeBytes { buffer in
      var rest = buffer
      while !rest.isEmpty {
        let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
        if written < 0 && errno == EINTR { continue }
        if written <= 0 { return errno }
        rest = UnsafeRawBufferPointer(rebasing: rest[written...])
      }
      return nil
    }
  }
}
