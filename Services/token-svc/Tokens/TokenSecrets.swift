import Crypto
import Runtime

/// The signing secrets: from the settings (environment, file, systemd credential), else made once and kept.
struct TokenSecrets {
  let current: [UInt8]
  let previous: [UInt8]?

  static let fileName = "pairing-token-secret"

  /// - Parameters:
  ///   - current: `PAIRING_TOKEN_SECRET`; nil makes one on the first start, in `stateDirectory` (`KeptSecret`).
  ///   - previous: `PAIRING_TOKEN_SECRET_PREVIOUS`.
  init(current: String?, previous: String?, stateDirectory: String, random: any RandomSource) throws {
    let key = AppSettings.pairingTokenSecret.name
    if let current {
      self.current = try Self.checked(current, named: key)
    } else {
      let path = "\(stateDirectory)/\(Self.fileName)"
      let kept = try KeptSecret.load(path) { Base64URL.encode(try random.bytes(SigningKey.minimumBytes)) }
      self.current = try Self.checked(kept, named: "\(key) (unset, so read from \(path))")
    }
    self.previous = try previous.map { try Self.checked($0, named: AppSettings.pairingTokenSecretPrevious.name) }
  }

  private static func checked(_ text: String, named name: String) throws(SecretError) -> [UInt8] {
    let secret = Array(text.utf8)
    guard secret.count >= SecretShape.signingKeyMinimumBytes else {
      throw SecretError(
        name: name,
        fault:
          "has \(secret.count) bytes, but needs at least \(SecretShape.signingKeyMinimumBytes); "
          + "`openssl rand -hex 32` makes one"
      )
    }
    guard SecretShape.isSigningKey(text) else {
      throw SecretError(name: name, fault: "repeats a few characters; `openssl rand -hex 32` makes a good one")
    }
    return secret
  }
}

/// A secret that stops the start: its name and its fault, never its value.
struct SecretError: ConfigurationFault, Hashable, CustomStringConvertible {
  let name: String
  let fault: String
  var description: String { "\(name) \(fault)." }
}
