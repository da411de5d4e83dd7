import Foundation

/// Verifying and registering over HTTP, on the real services, beside a Flask server that only checks the signature.
///
/// The load generator (wrk), the services and the disk share the machine's processors.
enum PairingBench {
  private struct Run: Decodable {
    let requestsPerSecond: Double
    let msP50: Double
    let msP99: Double
    /// What served: how many workers of which kind.
    let served: String?
    /// Requests a second of the slowest and the quickest round, of which the figures are those of the median one.
    let lowest: Double?
    let highest: Double?
    /// The most that the host took of the processors' time for others in any of the rounds that count, %.
    let stolenPercent: Double
    /// How many more were measured, and did not count because it took more.
    let repeated: Int?
  }

  /// Of the Flask server before Axolotl was measured, and after: the better one counts.
  private struct Others: Decodable {
    let before: Run
    let after: Run

    func best(_ figure: (Run) -> Double, isHigherBetter: Bool = false) -> Double {
      isHigherBetter ? max(figure(before), figure(after)) : min(figure(before), figure(after))
    }
  }

  private struct Figures: Decodable {
    let others: Others?
    let othersRegistering: Others?
    /// A GET that asks nobody: what the HTTP server and the load generator reach on this machine.
    let plain: Run
    let verify: Run
    /// Of ever other devices, so that token-svc reads its store for each; `verify` is about one that it remembers.
    let verifyUnremembered: Run
    /// With the token in the address, which costs libwebsockets' parser most of the difference.
    let verifyInAddress: Run
    let register: Run
    /// Processor time of one verification, by service, in µs.
    let cpuMicroseconds: [String: Double]
  }

  static func rows(_ options: BenchOptions) throws -> [BenchRow] {
    guard let python = options.toolsPython else { return [] }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let output = try Tool.run(python, ["Tests/Load/pairing_bench.py"] + (options.oraclePython.map { [$0] } ?? []))
    let figures = try decoder.decode(Figures.self, from: output)
    let served = figures.others?.before.served ?? ""
    let verified = rows(
      figures.verify, figures.others, "Flask + PyJWT, \(served), signature only",
      "verify over HTTP, state checks included", targets: ("≥ 27,000/s; Flask's 9,000/s", "< 5 ms; Flask's 23 ms"))
    let registered = rows(
      figures.register, figures.othersRegistering, "Flask + PyJWT + sqlite3, \(served), tokens only",
      "register over HTTP, both services' commits included")
    return verified
      + [
        BenchRow("  slowest round", figures.verify.lowest ?? 0, "requests/s"),
        BenchRow("  quickest round", figures.verify.highest ?? 0, "requests/s"),
        BenchRow("  processor time that the host took for others, at most", figures.verify.stolenPercent, "%"),
        BenchRow("  rounds that do not count, because it took more", Double(figures.verify.repeated ?? 0), "rounds"),
        BenchRow(
          "  each read from the store, none remembered", figures.verifyUnremembered.requestsPerSecond, "requests/s"),
        BenchRow("  99th percentile of that", figures.verifyUnremembered.msP99, "ms"),
        BenchRow("  with the token in the address", figures.verifyInAddress.requestsPerSecond, "requests/s"),
        BenchRow(
          "  a plain GET, which asks no other process", figures.plain.requestsPerSecond, "requests/s",
          target: "libwebsockets' 99,000/s where Flask's is 9,000/s"),
      ]
      + figures.cpuMicroseconds.sorted { $0.key < $1.key }.map {
        BenchRow("  processor time of \($0.key), one request", $0.value, "µs")
      } + registered
  }

  private static func rows(
    _ run: Run, _ others: Others?, _ what: String, _ name: String, targets: (rate: String?, tail: String?) = (nil, nil)
  ) -> [BenchRow] {
    func other(_ figure: (Run) -> Double, isHigherBetter: Bool = false) -> (name: String, figure: Double)? {
      others.map { (what, $0.best(figure, isHigherBetter: isHigherBetter)) }
    }
    return [
      BenchRow(
        name, run.requestsPerSecond, "requests/s", against: other(\.requestsPerSecond, isHigherBetter: true),
        target: targets.rate),
      BenchRow("  median", run.msP50, "ms", against: other(\.msP50)),
      BenchRow("  99th percentile", run.msP99, "ms", against: other(\.msP99), target: targets.tail),
    ]
  }
}
