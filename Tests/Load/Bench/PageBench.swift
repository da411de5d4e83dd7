import Foundation

/// From opening the pairing page until the first frame is on disk, in Chromium beside the services on the same machine.
enum PageBench {
  private struct Figures: Decodable {
    /// In seconds.
    let median: Double
    let slowest: Double
  }

  static func rows(_ options: BenchOptions) throws -> [BenchRow] {
    guard let python = options.toolsPython else { return [] }
    let figures = try JSONDecoder().decode(Figures.self, from: try Tool.run(python, ["Tests/Load/page_bench.py"]))
    return [
      BenchRow("page opened → first frame on disk, median of 7", figures.median, "s", target: "< 2 s"),
      BenchRow("  the slowest", figures.slowest, "s"),
    ]
  }
}
