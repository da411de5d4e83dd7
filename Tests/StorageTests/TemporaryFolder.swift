import Glibc

/// A folder of its own for one test, removed with it.
final class TemporaryFolder {
  let path: String

  init() {
    var template = Array("/tmp/axolotl-storage-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template)!)
  }

  deinit {
    guard let folder = opendir(path) else { return }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      unlink("\(path)/\(name)")
    }
    closedir(folder)
    rmdir(path)
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// The bytes as they are on disk now, as a crash would leave them.
  func copy(_ from: String, to: String) {
    guard let input = fopen(file(from), "r"), let output = fopen(file(to), "w") else { return }
    defer {
      fclose(input)
      fclose(output)
    }
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, input), count > 0 { fwrite(buffer, 1, count, output) }
  }
}
