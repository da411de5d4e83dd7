/// A `KEY=value` file as systemd's `EnvironmentFile=` and `.env` readers understand it.
///
/// Empty lines and lines that begin with `#` or `;` are comments; a value may stand in double or single quotes.
struct EnvironmentFile {
  private(set) var values: [String: String] = [:]
  private(set) var faults: [String] = []

  init(parsing text: String) {
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = Self.trimmed(line)
      guard let first = line.first, first != "#", first != ";" else { continue }
      guard let equals = line.firstIndex(of: "="), equals != line.startIndex else {
        faults.append("Line \(number + 1) is not KEY=value.")
        continue
      }
      values[String(Self.trimmed(line[..<equals]))] = Self.unquoted(Self.trimmed(line[line.index(after: equals)...]))
    }
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }

  private static func unquoted(_ text: Substring) -> String {
    guard text.count >= 2, let quote = text.first, quote == "\"" || quote == "'", text.last == quote else {
      return String(text)
    }
    return String(text.dropFirst().dropLast())
  }
}
