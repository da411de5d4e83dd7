import ClockSimulation
import Timing

/// How well phones' clocks are known, against clocks whose error is known, through simulated links: many seeded runs of each
/// situation, and every estimator on the same exchanges and frames.
enum ClockBench {
  private static let runs: UInt64 = 40
  private static let longRuns: UInt64 = 12

  static func rows(_ options: BenchOptions) throws -> [BenchRow] {
    (ClockScenario.all + [.long]).flatMap(rows)
  }

  private static func rows(_ scenario: ClockScenario) -> [BenchRow] {
    var (live, afterwards, naive, ntp) = (ClockScore(), ClockScore(), ClockScore(), ClockScore())
    for seed in 1...(scenario.seconds > 600 ? longRuns : runs) {
      let session = SimulatedSession(scenario, seed: seed)
      live.play(session, ClockModel())
      afterwards.play(session, ClockHistory(session.exchanges.map(\.sample)))
      naive.play(session, NaiveClock())
      ntp.play(session, NTPClock())
    }
    func ms(_ score: ClockScore, _ share: Double) -> Double { score.error(share) / 1000 }
    func beside(_ name: String, _ score: ClockScore, _ share: Double) -> (String, Double) { (name, ms(score, share)) }
    let goals = goals[scenario.name]
    let target = Int(scenario.target / 1000)
    let reached = ntp.timeToTarget(0.95) / 1000
    return [
      BenchRow("clock, \(scenario.name): error, median", ms(live, 0.5), "ms", against: beside(plainNTP, ntp, 0.5)),
      BenchRow(
        "  95th percentile", ms(live, 0.95), "ms", against: beside(plainNTP, ntp, 0.95), target: goals?.error),
      BenchRow("  95th percentile", ms(live, 0.95), "ms", against: beside(naiveMedian, naive, 0.95)),
      BenchRow("  99th percentile", ms(live, 0.99), "ms", against: beside(plainNTP, ntp, 0.99)),
      BenchRow(
        "  afterwards, from both sides: 95th percentile", ms(afterwards, 0.95), "ms",
        against: beside("live", live, 0.95)),
      BenchRow(
        "  from the first frame until it stays below \(target) ms, 95th percentile of runs",
        live.timeToTarget(0.95) / 1000, "ms", against: reached > 0 ? (plainNTP, reached) : nil),
      BenchRow("  frames inside their bound", live.insideShare * 100, "%", target: "≥ 99 %"),
      BenchRow("  afterwards", afterwards.insideShare * 100, "%", target: "≥ 99 %"),
      BenchRow(
        "  the bound, median", live.bound(0.5) / 1000, "ms",
        against: beside("true error, 95th percentile", live, 0.95), target: goals?.bound),
      BenchRow("  afterwards", afterwards.bound(0.5) / 1000, "ms", against: ("live", live.bound(0.5) / 1000)),
    ]
  }

  private static let plainNTP = "plain NTP (RFC 5905 clock filter)"
  private static let naiveMedian = "median of ts_server − ts_device"
  private static let goals: [String: (error: String?, bound: String?)] = [
    ClockScenario.quiet.name: ("< 1 ms", "< 3 × the error"),
    ClockScenario.jitter30.name: ("< 3 ms", nil),
    ClockScenario.long.name: ("< 1 ms", nil),
  ]
}
