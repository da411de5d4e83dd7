/// The operator's settings, checked as a whole before anything starts.
///
/// A value comes from the environment, else from the file, else (secrets) from systemd's credentials, else the default.
public struct Settings: Sendable {
  private let values: [String: String]

  /// - Parameters:
  ///   - environment: the process environment; keys that are not ours are left alone unless they begin `AXOLOTL_`.
  ///   - file: the text of a `KEY=value` file; every key in it must be known.
  ///   - credential: reads a systemd credential by name; nil: there is none.
  /// - Throws: `SettingsError` naming every key that is wrong.
  public init(
    environment: [String: String], file: String? = nil,
    credential: (String) throws(CredentialFault) -> String? = { _ in nil }
  ) throws(SettingsError) {
    var values: [String: String] = [:]
    var faults: [String] = []
    let known = Dictionary(uniqueKeysWithValues: AppSettings.all.map { ($0.name, $0) })
    let isAllowed = { (key: String) in known[key] != nil || AppSettings.toolKeys.contains(key) }

    if let file {
      let parsed = EnvironmentFile(parsing: file)
      faults += parsed.faults
      for (key, value) in parsed.values {
        if !isAllowed(key) { faults.append("\(key) is not a setting. See .env.example for those there are.") }
        values[key] = value
      }
    }
    for (key, value) in environment {
      if known[key] != nil {
        values[key] = value
      } else if key.hasPrefix("AXOLOTL_"), !isAllowed(key) {
        faults.append("\(key) is not a setting. See .env.example for those there are.")
      }
    }
    for key in AppSettings.all {
      if key.isSecret, values[key.name]?.isEmpty != false {
        do throws(CredentialFault) {
          if let secret = try credential(key.name) { values[key.name] = secret }
        } catch {
          faults.append(error.description)
        }
      }
      if let value = values[key.name], !value.isEmpty, !key.accepts(value) {
        let shown = key.isSecret ? "" : ", not \"\(value)\""
        faults.append("\(key.name) must be \(key.expectation)\(shown).")
      }
    }
    faults += Self.faultsOfCertificate(values) + Self.faultsOfTURN(values)
    guard faults.isEmpty else { throw SettingsError(faults: faults.sorted()) }
    self.values = values
  }

  /// Without its server a relay would silently not be there. Its password is api-front's alone, which asks for it.
  private static func faultsOfTURN(_ values: [String: String]) -> [String] {
    let (isWanted, server) = (AppSettings.enableTURN, AppSettings.turnServer.name)
    guard isWanted.parse(values[isWanted.name] ?? "") == true, values[server]?.isEmpty != false else { return [] }
    return ["\(server) is not set, but \(isWanted.name) is true. Set it to host:port, or \(isWanted.name) to false."]
  }

  /// A certificate without its key is no use, nor is a key without its certificate.
  private static func faultsOfCertificate(_ values: [String: String]) -> [String] {
    let (certificate, key) = (AppSettings.tlsCertificate.name, AppSettings.tlsKey.name)
    let set = [certificate, key].filter { values[$0]?.isEmpty == false }
    let https = AppSettings.requireHTTPS
    guard set.count == 1, https.parse(values[https.name] ?? "") ?? (https.defaultText == "true") else { return [] }
    let missing = set[0] == key ? certificate : key
    return ["\(missing) is not set, but \(set[0]) is. Set both, or neither to have a certificate made."]
  }

  /// The value of a setting. An empty text counts as unset.
  public subscript<Value>(_ key: SettingKey<Value>) -> Value {
    let text = values[key.name].flatMap { $0.isEmpty ? nil : $0 } ?? key.defaultText
    guard let value = key.parse(text) else { preconditionFailure("the default of \(key.name) is not valid") }
    return value
  }
}

/// Settings that stop the start, each with the key's name and what it must be.
public struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
  public let faults: [String]
  public var description: String { faults.joined(separator: "\n") }
}

/// An error of the start that no new start mends, only the operator: its text names the setting or the file.
public protocol ConfigurationFault: Error {}

extension SettingsError: ConfigurationFault {}
