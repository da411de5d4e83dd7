import Glibc

/// The environment, read once at the start.
enum ProcessEnvironment {
  static func read() -> [String: String] {
    var variables: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
      let line = String(cString: text)
      if let equals = line.firstIndex(of: "=") {
        variables[String(line[..<equals])] = String(line[line.index(after: equals)...])
      }
      entry += 1
    }
    return variables
  }

  /// A secret handed over by systemd's `LoadCredential=` (systemd.exec(5)).
  static func systemdCredential(_ name: String) throws(CredentialFault) -> String? {
    guard let directory = getenv("CREDENTIALS_DIRECTORY").map({ String(cString: $0) }) else { return nil }
    return try credential(name, in: directory)
  }

  /// The first line of the file `name`; nil only if there is no such file.
  static func credential(_ name: String, in directory: String) throws(CredentialFault) -> String? {
    let text: String
    do throws(SystemError) {
      text = try TextFile.read("\(directory)/\(name)", limit: 64 * 1024)
    } catch {
      guard error.errno != ENOENT else { return nil }
      throw CredentialFault(name: name, fault: "cannot be read: \(error)")
    }
    let secret = String(text.prefix { $0 != "\n" })
    guard !secret.allSatisfy(\.isWhitespace) else {
      throw CredentialFault(
        name: name, fault: "has an empty first line, where the secret belongs; write it there, or remove the credential"
      )
    }
    return secret
  }
}

enum ProcessMemory {
  static func residentBytes() -> Int {
    guard let text = try? TextFile.read("/proc/self/statm", limit: 4096) else { return 0 }
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }
}

enum ProcessDeadline {
  /// Lets the kernel end the process if it is still there after `limit`.
  static func exitUnlessDone(within limit: Duration) {
    signal(SIGALRM, SIG_DFL)
    alarm(UInt32(limit.components.seconds))
  }
}
