import Foundation

/// How far real browsers are truly apart, as the clock page's code in their pictures tells.
enum SyncBench {
  private struct Figures: Decodable {
    let live: Times
    let final: Times
  }

  private struct Times: Decodable {
    let p50Ms: Double
    let p95Ms: Double
    let insidePct: Double
    let boundP50Ms: Double
    let resolutionMs: Double
  }

  static func rows(_ options: BenchOptions) throws -> [BenchRow] {
    guard let python = options.toolsPython else { return [] }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let figures = try decoder.decode(Figures.self, from: try Tool.run(python, ["Tests/Load/sync_bench.py"]))
    func rows(_ name: String, _ times: Times) -> [BenchRow] {
      [
        BenchRow("two Chromium phones, \(name): true error of one against the other, median", times.p50Ms, "ms"),
        BenchRow(
          "  95th percentile", times.p95Ms, "ms", against: ("both bounds together, median", times.boundP50Ms),
          target: "< 1 ms, quiet"),
        BenchRow("  frames inside both bounds", times.insidePct, "%", target: "≥ 99 %"),
      ]
    }
    return rows("live", figures.live) + rows("afterwards", figures.final) + [
      BenchRow("  how exactly that can be read", figures.final.resolutionMs, "ms")
    ]
  }
}
