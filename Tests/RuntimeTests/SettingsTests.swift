import Testing

@testable import Runtime

struct SettingsTests {
  @Test func defaultsAreValid() throws {
    let settings = try Settings(environment: [:])
    #expect(settings[AppSettings.localPort] == 5050)
    #expect(settings[AppSettings.requireHTTPS])
    #expect(settings[AppSettings.coachKey] == nil)
    for key in AppSettings.all { #expect(key.accepts(key.defaultText), "\(key.name)") }
  }

  @Test func theEnvironmentOverridesTheFile() throws {
    let settings = try Settings(environment: ["LOCAL_PORT": "6000"], file: "LOCAL_PORT=7000\nENABLE_TURN=yes")
    #expect(settings[AppSettings.localPort] == 6000)
  }

  @Test(arguments: [
    ("LOCAL_PORT=abc", "LOCAL_PORT must be a whole number, 0 to 65535, not \"abc\"."),
    (
      "AXOLOTL_PUBLIC_URL=192.168.1.10:5050",
      "AXOLOTL_PUBLIC_URL must be an address such as https://rig.example or https://192.168.1.10:5050, "
        + "not \"192.168.1.10:5050\"."
    ),
    ("LOCAL_PROT=1", "LOCAL_PROT is not a setting. See .env.example for those there are."),
    ("what is this", "Line 1 is not KEY=value."),
  ])
  func aBadFileIsRefusedByName(file: String, message: String) {
    #expect(throws: SettingsError(faults: [message])) { try Settings(environment: [:], file: file) }
  }

  @Test(arguments: [
    ("https://rig.example", true), ("http://localhost:5050/", true), ("https://rig.example/base", true),
    ("https://[fe80::1]:5050", true), ("rig.example", false), ("https://", false), ("https:///pair", false),
    ("ftp://rig.example", false), ("https://rig.example/?a=1", false), ("https://rig.example/a b", false),
  ])
  func thePublicAddressIsOneThatABrowserCanOpen(text: String, isGood: Bool) {
    #expect(AppSettings.publicURL.erased.accepts(text) == isGood)
  }

  @Test func anUnknownKeyOfOursInTheEnvironmentIsRefusedAndOthersAreNot() throws {
    #expect(throws: SettingsError.self) { try Settings(environment: ["AXOLOTL_TYPO": "1"]) }
    _ = try Settings(environment: ["PATH": "/bin", "AXOLOTL_HOME": "x"])
  }

  @Test func secretsComeFromCredentialsWhenNotSet() throws {
    let credential = { (name: String) in name == "AXOLOTL_COACH_KEY" ? "from-systemd" : nil }
    let fallback = try Settings(environment: [:], credential: credential)
    #expect(fallback[AppSettings.coachKey] == "from-systemd")
    let explicit = try Settings(environment: ["AXOLOTL_COACH_KEY": "own"], credential: credential)
    #expect(explicit[AppSettings.coachKey] == "own")
  }

  @Test func filesMayQuoteAndComment() {
    let file = EnvironmentFile(parsing: "# a\n; b\n\n A = \"x y\" \nB='z'\nC=")
    #expect(file.values == ["A": "x y", "B": "z", "C": ""])
    #expect(file.faults.isEmpty)
  }
}
