import Glibc

/// Small text files, whole.
public enum TextFile {
  /// Reads a file of at most `limit` bytes; what is not UTF-8 is repaired.
  public static func read(_ path: String, limit: Int) throws(SystemError) -> String {
    let file = OwnedDescriptor(try systemCall("open", on: path) { open(path, O_RDONLY | O_CLOEXEC) })
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 * 1024)
    while true {
      let count = try systemCall("read", on: path) { Glibc.read(file.number, &buffer, buffer.count) }
      if count == 0 { break }
      bytes.append(contentsOf: buffer[..<count])
      if bytes.count > limit { throw SystemError(call: "read", errno: EFBIG, subject: path) }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Writes a file that only its owner may read, in one step: readers see the old or the new, never a part.
  public static func writePrivate(_ text: String, to path: String) throws(SystemError) {
    let temporary = "\(path).new-\(getpid())"
    do {
      let file = OwnedDescriptor(
        try systemCall("open", on: temporary) {
          open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        })
      var bytes = Array(text.utf8)[...]
      while !bytes.isEmpty {
        let count = try systemCall("write", on: temporary) {
          bytes.withUnsafeBytes { write(file.number, $0.baseAddress, $0.count) }
        }
        bytes = bytes.dropFirst(count)
      }
      try systemCall("fsync", on: temporary) { fsync(file.number) }
    }
    try systemCall("rename", on: path) { rename(temporary, path) }
  }
}

/// Makes a folder and those above it.
public func makeDirectories(_ path: String, mode: mode_t = 0o750) throws(SystemError) {
  var built = path.hasPrefix("/") ? "" : "."
  for part in path.split(separator: "/") {
    built += "/\(part)"
    if mkdir(built, mode) == 0 || errno == EEXIST { continue }
    throw SystemError(call: "mkdir", subject: built)
  }
}
