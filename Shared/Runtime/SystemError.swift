import Glibc

/// A system call that failed: which one, on what, and why.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  public let call: String
  public let errno: Int32
  /// What it was about, such as a path; nil when the call says enough.
  public let subject: String?

  public init(call: String, errno: Int32 = Glibc.errno, subject: String? = nil) {
    self.call = call
    self.errno = errno
    self.subject = subject
  }

  public var description: String {
    let reason = String(cString: strerror(errno))
    return subject.map { "\(call)(\($0)): \(reason)" } ?? "\(call): \(reason)"
  }
}

/// The one place where a return code of −1 becomes an error; `EINTR` is tried again.
@discardableResult
public func systemCall<I: SignedInteger>(
  _ name: String, on subject: String? = nil, _ body: () -> I
) throws(SystemError) -> I {
  while true {
    let result = body()
    if result != -1 { return result }
    let code = errno
    if code != EINTR { throw SystemError(call: name, errno: code, subject: subject) }
  }
}
