import Glibc
import TestFolders

extension TemporaryFolder {
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
