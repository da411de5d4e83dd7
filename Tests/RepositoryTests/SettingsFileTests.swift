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

  /// What a message tells people to set must exist.
  @Test func everySettingThatTheCodeNamesIsOne() throws {
    let known = Set(try Repository.read(".env.example").matches(of: /(?m)^#?([A-Z_]+)=/).map { String($0.1) })
    for file in try Repository.swiftFiles(below: "Services") + Repository.swiftFiles(below: "Shared") {
      for name in file.lines.flatMap({ $0.matches(of: /AXOLOTL_[A-Z_]*[A-Z]/) }).map({ String($0.output) }) {
        #expect(known.contains(name), "\(file.path) names \(name)")
      }
    }
  }
}
