import Glibc

/// Reads a model file whole.
enum ModelFile {
  /// Both models together are 10 MB; anything far beyond is not one of them.
  static let maximumBytes = 64 << 20

  static func read(_ path: String) throws(PoseError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .modelMissing(path: path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw .modelMissing(path: path) }
    guard status.st_size <= maximumBytes else { throw .modelUnexpected(path: path, reason: "it is too large") }
    let size = Int(status.st_size)
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = Glibc.read(descriptor, buffer.baseAddress! + count, size - count)
        if got < 0 && errno == EINTR { continue }
        if got <= 0 { break }
        count += got
      }
    }
    guard bytes.count == size else { throw .modelMissing(path: path) }
    return bytes
  }
}
