/// A database that a newer version has changed: no new start mends that, so none is made.
public struct NewerDatabase: ConfigurationFault, Hashable, CustomStringConvertible {
  public let path: String
  /// What the store says of it, and what to do next.
  public let reason: String
  public var description: String { "\(path): \(reason)" }

  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }
}
