/// One `KEY=value` that the operator may set: its name, its default and what it may be, known in this one place.
public struct SettingKey<Value: Sendable>: Sendable {
  public let name: String
  /// The default as it would be written in a file; empty means "not set".
  public let defaultText: String
  /// What a good value looks like, for the message that refuses a bad one: "a port number, 0 to 65535".
  public let expectation: String
  public let summary: String
  /// Never printed, and also looked for among systemd's credentials.
  public let isSecret: Bool
  let parse: @Sendable (String) -> Value?

  init(
    _ name: String, default defaultText: String, _ summary: String, expecting expectation: String,
    isSecret: Bool = false, parse: @escaping @Sendable (String) -> Value?
  ) {
    self.name = name
    self.defaultText = defaultText
    self.summary = summary
    self.expectation = expectation
    self.isSecret = isSecret
    self.parse = parse
  }

  var erased: AnySettingKey {
    AnySettingKey(
      name: name, defaultText: defaultText, summary: summary, expectation: expectation, isSecret: isSecret,
      accepts: { parse($0) != nil })
  }
}

/// A setting without its type: what checks, `.env.example` and `--check-config` need.
public struct AnySettingKey: Sendable {
  public let name: String
  public let defaultText: String
  public let summary: String
  public let expectation: String
  public let isSecret: Bool
  let accepts: @Sendable (String) -> Bool
}

extension SettingKey where Value == String {
  static func text(
    _ name: String, default defaultText: String, _ summary: String, expecting expectation: String = "text",
    accepts: @escaping @Sendable (String) -> Bool = { _ in true }
  ) -> SettingKey {
    SettingKey(name, default: defaultText, summary, expecting: expectation, parse: { accepts($0) ? $0 : nil })
  }
}

extension SettingKey where Value == String? {
  static func optionalText(
    _ name: String, _ summary: String, expecting expectation: String = "text", isSecret: Bool = false,
    accepts: @escaping @Sendable (String) -> Bool = { _ in true }
  ) -> SettingKey {
    SettingKey(name, default: "", summary, expecting: expectation, isSecret: isSecret) { text in
      text.isEmpty ? .some(nil) : accepts(text) ? .some(text) : nil
    }
  }
}

extension SettingKey where Value == Int {
  static func integer(
    _ name: String, default value: Int, in range: ClosedRange<Int>, _ summary: String
  ) -> SettingKey {
    SettingKey(
      name, default: String(value), summary,
      expecting: "a whole number, \(range.lowerBound) to \(range.upperBound)"
    ) { text in Int(text).flatMap { range.contains($0) ? $0 : nil } }
  }
}

extension SettingKey where Value == Bool {
  static func flag(_ name: String, default value: Bool, _ summary: String) -> SettingKey {
    SettingKey(name, default: String(value), summary, expecting: "true or false") { text in
      switch text.lowercased() {
      case "true", "1", "yes": true
      case "false", "0", "no": false
      default: nil
      }
    }
  }
}

extension SettingKey where Value == [String] {
  /// Entries separated by commas; spaces around them do not count.
  static func list(
    _ name: String, _ summary: String, expecting expectation: String, accepts: @escaping @Sendable (String) -> Bool
  ) -> SettingKey {
    SettingKey(name, default: "", summary, expecting: expectation) { text in
      let entries = text.split(separator: ",").map { String($0.filter { $0 != " " }) }
      return entries.allSatisfy(accepts) ? entries : nil
    }
  }
}
