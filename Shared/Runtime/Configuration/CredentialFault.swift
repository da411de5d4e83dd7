/// A systemd credential that is there but no use. Passed over, it would let a service make a key of its own instead.
public struct CredentialFault: Error, Hashable, Sendable, CustomStringConvertible {
  public let name: String
  /// What is wrong with it, never what it says.
  public let fault: String

  public init(name: String, fault: String) {
    self.name = name
    self.fault = fault
  }

  public var description: String { "The systemd credential \(name) \(fault)." }
}
