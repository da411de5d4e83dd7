import Crypto
import Foundation
import Runtime
import TestFolders
import Testing

@testable import TokenService

@Suite struct TokenSecretsTests {
  private func load(
    _ current: String?, previous: String? = nil, in folder: TemporaryFolder
  ) throws -> TokenSecrets {
    try TokenSecrets(current: current, previous: previous, stateDirectory: folder.path, random: SecureRandom())
  }

  @Test func anUnsetSecretIsMadeOnceAndKeptForItsOwnerAlone() throws {
    let folder = TemporaryFolder()
    let first = try load(nil, in: folder)
    #expect(first.current.count >= 32)
    #expect(try load(nil, in: folder).current == first.current)
    let path = "\(folder.path)/\(TokenSecrets.fileName)"
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(try load(nil, in: TemporaryFolder()).current != first.current)
  }

  @Test func aSetSecretWinsAndWritesNothing() throws {
    let folder = TemporaryFolder()
    let secrets = try load("0123456789abcdef0123456789abcdef", previous: "fedcba9876543210fedcba9876543210", in: folder)
    #expect(secrets.current == Array("0123456789abcdef0123456789abcdef".utf8))
    #expect(secrets.previous == Array("fedcba9876543210fedcba9876543210".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test(arguments: ["short-planted-secret", String(repeating: "ab", count: 40)])
  func aWeakSecretStopsTheStartByNameAndIsNotShown(_ secret: String) throws {
    let folder = TemporaryFolder()
    for (current, previous, name) in [
      (secret, nil, "PAIRING_TOKEN_SECRET "),
      ("0123456789abcdef0123456789abcdef", secret, "PAIRING_TOKEN_SECRET_PREVIOUS "),
    ] {
      let error = #expect(throws: SecretError.self) { _ = try load(current, previous: previous, in: folder) }
      #expect(error?.description.hasPrefix(name) == true)
      #expect(error?.description.contains(secret) == false)
    }
  }

  /// Else `--check-config` would call good what stops the start.
  @Test func whatTheSettingsAcceptTheAuthorityTakes() throws {
    let least = String("0123456701234567012345670123456701234567".prefix(SecretShape.signingKeyMinimumBytes))
    let settings = try Settings(environment: [AppSettings.pairingTokenSecret.name: least])
    let secrets = try load(settings[AppSettings.pairingTokenSecret], in: TemporaryFolder())
    _ = try KeyRing(current: secrets.current, previous: secrets.previous)
  }

  @Test func aKeptSecretThatOthersCanReadStopsTheStart() throws {
    let folder = TemporaryFolder()
    _ = try load(nil, in: folder)
    let path = "\(folder.path)/\(TokenSecrets.fileName)"
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    let error = #expect(throws: KeptSecretFault.self) { _ = try load(nil, in: folder) }
    #expect(error?.description.contains("chmod 600") == true)
  }

  /// An editor ends it with a line break; the setting that takes it over in a rotation has none.
  @Test func aKeptSecretIsItsFirstLine() throws {
    let folder = TemporaryFolder()
    let secret = "0123456789abcdef0123456789abcdef"
    try TextFile.writePrivate(secret + "\n", to: "\(folder.path)/\(TokenSecrets.fileName)")
    #expect(try load(nil, in: folder).current == Array(secret.utf8))
  }
}
