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
    let settings = try Settings(environment: ["LOCAL_PORT": "6000"], file: "LOCAL_PORT=7000\nREQUIRE_HTTPS=yes")
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
    let credential = { (name: String) in name == "AXOLOTL_COACH_KEY" ? "a key from systemd" : nil }
    let fallback = try Settings(environment: [:], credential: credential)
    #expect(fallback[AppSettings.coachKey] == "a key from systemd")
    let explicit = try Settings(environment: ["AXOLOTL_COACH_KEY": "a key of one's own"], credential: credential)
    #expect(explicit[AppSettings.coachKey] == "a key of one's own")
    // An empty text counts as unset.
    let empty = try Settings(environment: [:], file: "AXOLOTL_COACH_KEY=", credential: credential)
    #expect(empty[AppSettings.coachKey] == "a key from systemd")
  }

  @Test(arguments: ["PAIRING_TOKEN_SECRET", "PAIRING_TOKEN_SECRET_PREVIOUS"])
  func aSigningKeyThatWouldStopTheStartIsNoGoodSetting(key: String) throws {
    let good = "0123456789abcdef0123456789abcdef"
    _ = try Settings(environment: [key: good])
    for bad in ["short", String(good.dropLast()), String(repeating: "ab", count: 40)] {
      let fault = "\(key) must be at least 32 bytes, 8 of them different; `openssl rand -hex 32` makes one."
      #expect(throws: SettingsError(faults: [fault])) { try Settings(environment: [key: bad]) }
    }
  }

  @Test func aCoachKeyThatWouldStopTheStartIsNoGoodSetting() throws {
    _ = try Settings(environment: ["AXOLOTL_COACH_KEY": "sixteen-letters-"])
    let fault =
      "AXOLOTL_COACH_KEY must be at least 16 bytes, 8 of them different; `openssl rand -hex 16` makes one."
    for bad in ["x", "fifteen-letters", String(repeating: "a", count: 16), String(repeating: "abcdefg", count: 9)] {
      #expect(throws: SettingsError(faults: [fault])) { try Settings(environment: ["AXOLOTL_COACH_KEY": bad]) }
      // Wherever it comes from.
      #expect(throws: SettingsError(faults: [fault])) {
        try Settings(environment: [:], credential: { $0 == "AXOLOTL_COACH_KEY" ? bad : nil })
      }
    }
  }

  @Test(arguments: [
    ("0.0.0.0", true), ("127.0.0.1", true), ("::", true), ("fe80::1", true), ("nonsense", false), ("1.2.3", false),
    ("127.0.0.1:5050", false), ("[::1]", false), ("10.0.0.0/8", false),
  ])
  func theBindAddressIsAnIPAddress(text: String, isGood: Bool) {
    #expect(AppSettings.bindAddress.erased.accepts(text) == isGood)
  }

  @Test(arguments: [
    ("AXOLOTL_TLS_CERTIFICATE", "AXOLOTL_TLS_KEY"), ("AXOLOTL_TLS_KEY", "AXOLOTL_TLS_CERTIFICATE"),
  ])
  func aCertificateAndItsKeyAreSetTogether(present: String, missing: String) throws {
    let fault = "\(missing) is not set, but \(present) is. Set both, or neither to have a certificate made."
    for environment in [
      [present: "/a.pem"], [present: "/a.pem", missing: ""], [present: "/a.pem", "REQUIRE_HTTPS": ""],
    ] {
      #expect(throws: SettingsError(faults: [fault])) { try Settings(environment: environment) }
    }
    let both = try Settings(environment: [present: "/a.pem", missing: "/b.pem"])
    #expect(both[AppSettings.tlsCertificate] != nil && both[AppSettings.tlsKey] != nil)
    // Without HTTPS neither is looked at.
    _ = try Settings(environment: [present: "/a.pem", "REQUIRE_HTTPS": "no"])
  }

  @Test(arguments: ["true", "yes", "1"])
  func aRelayWithoutItsServerIsRefused(flag: String) throws {
    let fault = "TURN_SERVER is not set, but ENABLE_TURN is true. Set it to host:port, or ENABLE_TURN to false."
    #expect(throws: SettingsError(faults: [fault])) { try Settings(environment: ["ENABLE_TURN": flag]) }
    #expect(throws: SettingsError(faults: [fault])) {
      try Settings(environment: ["TURN_PASSWORD": "secret"], file: "ENABLE_TURN=\(flag)\nTURN_SERVER=")
    }
    // The other services do not know the password.
    _ = try Settings(environment: ["ENABLE_TURN": flag, "TURN_SERVER": "turn.example:3478"])
    _ = try Settings(environment: ["TURN_SERVER": "turn.example:3478"])
    _ = try Settings(environment: ["ENABLE_TURN": "no"])
  }

  @Test func filesMayQuoteAndComment() {
    let file = EnvironmentFile(parsing: "# a\n; b\n\n A = \"x y\" \nB='z'\nC=")
    #expect(file.values == ["A": "x y", "B": "z", "C": ""])
    #expect(file.faults.isEmpty)
  }
}
