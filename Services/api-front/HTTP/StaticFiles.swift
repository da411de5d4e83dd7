import Glibc
import Messages
import Runtime

/// The pages and what they load, read from one folder into memory when first asked for and again when they changed.
final class StaticFiles {
  private struct Cached {
    let modified: timespec
    let size: Int
    let bytes: [UInt8]
    let tag: String
  }

  static let maximumBytes = 16 * 1024 * 1024
  /// Pages load only from this server, talk only to it, and run no inline script or style.
  static let contentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    + "connect-src 'self'; worker-src 'self'; manifest-src 'self'; font-src 'self'; base-uri 'none'; "
    + "form-action 'self'; frame-ancestors 'none'"
  static let permissionsPolicy = "camera=(self), microphone=(), geolocation=(), display-capture=()"

  private let directory: String
  private var cache: [String: Cached] = [:]

  init(directory: String) { self.directory = directory }

  /// The response for a file below the folder, or nil if there is none that may be shown.
  func response(_ name: String, ifNoneMatch: String?) -> HTTPResponse? {
    guard Self.isServable(name), let file = load(name) else { return nil }
    let matches = ifNoneMatch.map { EntityTag.list($0, contains: file.tag) } ?? false
    var response =
      matches
      ? HTTPResponse(.notModified)
      : HTTPResponse(.ok, contentType: MediaType.of(name), body: file.bytes)
    response.headers.append(("ETag", file.tag))
    // Asked about anew each time, answered by 304: an update of the server reaches every page at once.
    response.headers.append(("Cache-Control", "no-cache"))
    response.headers.append(("Content-Security-Policy", Self.contentSecurityPolicy))
    response.headers.append(("Permissions-Policy", Self.permissionsPolicy))
    // With the opener policy this isolates the page, and its clock then ticks in 5 µs instead of up to 1 ms.
    response.headers.append(("Cross-Origin-Embedder-Policy", "require-corp"))
    return response
  }

  /// Only plain names below the folder: no hidden files, no way out of it.
  static func isServable(_ name: String) -> Bool {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    return !parts.isEmpty && parts.count <= 8
      && parts.allSatisfy { part in
        !part.isEmpty && !part.hasPrefix(".") && part.utf8.count <= 100
          && part.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
              UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
              true
            default: false
            }
          }
      }
  }

  private func load(_ name: String) -> Cached? {
    guard let descriptor = try? systemCall("open", { open("\(directory)/\(name)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW) })
    else { return nil }
    let file = OwnedDescriptor(descriptor)
    var facts = stat()
    guard fstat(file.number, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_size <= Self.maximumBytes
    else { return nil }
    if let cached = cache[name], cached.size == Int(facts.st_size), cached.modified.tv_sec == facts.st_mtim.tv_sec,
      cached.modified.tv_nsec == facts.st_mtim.tv_nsec
    {
      return cached
    }
    guard let bytes = Self.read(file.number, Int(facts.st_size)), let tag = EntityTag.of(bytes) else { return nil }
    let loaded = Cached(modified: facts.st_mtim, size: bytes.count, bytes: bytes, tag: tag)
    cache[name] = loaded
    return loaded
  }

  private static func read(_ descriptor: Int32, _ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let got = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + filled, count - filled) }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { return nil }
      filled += got
    }
    return bytes
  }
}
