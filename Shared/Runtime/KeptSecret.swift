import Glibc

/// A secret that a service makes on its first start and keeps in a file for its owner alone.
public enum KeptSecret {
  /// The first line of the file at `path`; without a file, what `make` gives is written there (0600) and returned.
  ///
  /// - Throws: `KeptSecretFault` if others than its owner may read or write the file; `SystemError` if it cannot be read.
  public static func load(_ path: String, make: () throws -> String) throws -> String {
    var facts = stat()
    if stat(path, &facts) != 0 {
      guard errno == ENOENT else { throw SystemError(call: "stat", subject: path) }
      let made = try make()
      try TextFile.writePrivate(made + "\n", to: path)
      return made
    }
    guard facts.st_mode & 0o077 == 0 else { throw KeptSecretFault(path: path) }
    return String(try TextFile.read(path, limit: 4096).prefix { $0 != "\n" })
  }
}

/// A kept secret that others may know, or may have put there: its file, never what is in it.
public struct KeptSecretFault: ConfigurationFault, Hashable, CustomStringConvertible {
  public let path: String
  public var description: String {
    "\(path) is open to others; remove it, and a new one is made, or `chmod 600` it if nobody read it."
  }
}
