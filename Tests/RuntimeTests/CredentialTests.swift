import Glibc
import TestFolders
import Testing

@testable import Runtime

/// Secrets that systemd hands over: one that is no use must not be taken for one that is not there.
@Suite struct CredentialTests {
  private static let name = "AXOLOTL_COACH_KEY"

  /// A folder of credentials, with this text or none in the one.
  private func withCredential(_ text: String?, _ body: (String) throws -> Void) throws {
    let folder = TemporaryFolder()
    if let text { try TextFile.writePrivate(text, to: folder.file(Self.name)) }
    try withExtendedLifetime(folder) { try body(folder.path) }
  }

  private func settings(_ folder: String) throws -> Settings {
    try Settings(
      environment: [:],
      credential: { name throws(CredentialFault) in try ProcessEnvironment.credential(name, in: folder) })
  }

  @Test func theFirstLineIsTheSecretAndNoFileIsNone() throws {
    try withCredential("the coach's own key\nmore\n") { folder in
      let key = try settings(folder)[AppSettings.coachKey]
      #expect(key == "the coach's own key")
    }
    try withCredential(nil) { folder in
      let key = try settings(folder)[AppSettings.coachKey]
      #expect(key == nil)
    }
  }

  @Test(arguments: ["", "\n", "\nthe coach's own key\n", " \n", "\r\n"])
  func anEmptyOneStopsTheStart(text: String) throws {
    try withCredential(text) { folder in
      let error = #expect(throws: SettingsError.self) { try settings(folder) }
      #expect(error?.faults.count == 1)
      #expect(error?.description.contains("credential \(Self.name) has an empty first line") == true)
      #expect(error?.description.contains("own key") == false)
    }
  }

  @Test func oneThatCannotBeReadStopsTheStart() throws {
    try withCredential(nil) { folder in
      try makeDirectories("\(folder)/\(Self.name)")
      let error = #expect(throws: SettingsError.self) { try settings(folder) }
      #expect(error?.description.contains("credential \(Self.name) cannot be read") == true)
    }
    try withCredential(String(repeating: "x", count: 65 * 1024)) { folder in
      let error = #expect(throws: SettingsError.self) { try settings(folder) }
      #expect(error?.description.contains("credential \(Self.name) cannot be read") == true)
    }
  }
}
