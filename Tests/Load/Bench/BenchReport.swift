import Foundation

/// All figures of a run, as a table for people and as JSON for programs.
struct BenchReport: Encodable {
  var rows: [BenchRow] = []

  var table: String {
    let head = ["what", "measured", "unit", "compared with", "its figure", "ratio", "target"]
    let lines = rows.map { row in
      [
        row.name, Self.text(row.measured), row.unit, row.comparedWith ?? "–", row.compared.map(Self.text) ?? "–",
        row.ratio.map { String(format: "%.2f", $0) } ?? "–", row.target ?? "–",
      ]
    }
    let widths = head.indices.map { column in ([head] + lines).map { $0[column].count }.max() ?? 0 }
    return ([head] + lines).map { line in
      zip(line, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined(separator: "  ") + "\n"
    }.joined()
  }

  func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }

  private static func text(_ value: Double) -> String {
    String(format: abs(value) >= 100 ? "%.0f" : abs(value) >= 1 ? "%.2f" : "%.3f", value)
  }
}
