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
  }

  private struct Figures: Decodable {
    let before: Run?
    let after: Run?
    /// A GET that asks nobody: what the HTTP server and the load generator reach on this machine.
    let plain: Run
    let verify: Run
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
    let others = [figures.before, figures.after].compactMap { $0 }
    let name = "Flask + PyJWT, \(others.first?.served ?? ""), signature only"
    func other(_ figure: Double?) -> (name: String, figure: Double)? { figure.map { (name, $0) } }
    return [
      BenchRow(
        "verify over HTTP, state checks included", figures.verify.requestsPerSecond, "requests/s",
        against: other(others.map(\.requestsPerSecond).max()), target: "≥ 27,000/s; Flask's 9,000/s"),
      BenchRow(
        "  a plain GET, which asks no other process", figures.plain.requestsPerSecond, "requests/s",
        target: "libwebsockets' 99,000/s where Flask's is 9,000/s"),
      BenchRow("  median", figures.verify.msP50, "ms", against: other(others.map(\.msP50).min())),
      BenchRow(
        "  99th percentile", figures.verify.msP99, "ms", against: other(others.map(\.msP99).min()),
        target: "< 5 ms; Flask's 23 ms"),
    ]
      + figures.cpuMicroseconds.sorted { $0.key < $1.key }.map {
        BenchRow("  processor time of \($0.key), one request", $0.value, "µs")
      } + [
        BenchRow("register over HTTP", figures.register.requestsPerSecond, "requests/s"),
        BenchRow("  median", figures.register.msP50, "ms"),
        BenchRow("  99th percentile", figures.register.msP99, "ms"),
      ]
  }
}
