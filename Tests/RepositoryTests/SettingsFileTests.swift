import Runtime
import Testing

/// `.env.example` is what operators copy: it must say what the code does.
struct SettingsFileTests {
  @Test func theExampleHoldsEverySettingWithItsDefault() throws {
    var written: [String: String] = [:]
    for line in try Repository.read(".env.example").split(separator: "\n") {
      // A commented `#KEY=value` shows a default; `# words` is an explanation.
      let text = line.hasPrefix("#") ? line.dropFirst() : line
      guard let equals = text.firstIndex(of: "="), text[..<equals].allSatisfy({ $0.isUppercase || $0 == "_" }) else {
        continue
      }
      written[String(text[..<equals])] = String(text[text.index(after: equals)...])
    }
    for key in AppSettings.all {
      #expect(written[key.name] == key.defaultText, "\(key.name)")
    }
    let known = Set(AppSettings.all.map { $0.name }).union(AppSettings.toolKeys)
    #expect(Set(written.keys).subtracting(known) == [])
  }

  @Test func theExampleIsAValidFile() throws {
    _ = try Settings(environment: [:], file: try Repository.read(".env.example"))
  }
}
