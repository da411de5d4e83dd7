import FoundationEssentials
import Glibc

/// A folder of its own for one test, removed with all that is in it when nobody holds it any more.
///
/// Short, because the path of a Unix socket holds 107 bytes.
public final class TemporaryFolder {
  public let path: String

  public init() {
    var template = Array("/tmp/axolotl-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!).map { String(cString: $0) } }
    guard let made else { fatalError("no folder can be made in /tmp: errno \(errno)") }
    path = made
  }

  deinit {
    // A thread that its test left in the middle of its work may still make a file beside those that are being removed.
    for _ in 0..<10 where access(path, F_OK) == 0 { try? FileManager.default.removeItem(atPath: path) }
  }

  public func file(_ name: String) -> String { "\(path)/\(name)" }
}
