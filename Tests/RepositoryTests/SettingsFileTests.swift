import Runtime
import Testing

/// `.env.example` is what operators copy: it must say what the code does.
struct SettingsFileTests {
  /// `token-svc --print-settings > .env.example` makes it anew.
  @Test func theExampleSaysWhatTheCodeSays() throws {
    #expect(try Repository.read(".env.example") == AppSettings.exampleFile + "\n")
  }

  @Test func theExampleIsAValidFile() throws {
    let example = try Repository.read(".env.example")
    _ = try Settings(environment: [:], file: example)
    // Also with every line in force.
    let inForce = example.replacing("\n#", with: "\n").split(separator: "\n").filter {
      $0.firstMatch(of: /^[A-Z_]+=/) != nil
    }
    _ = try Settings(environment: [:], file: inForce.joined(separator: "\n"))
  }
}
