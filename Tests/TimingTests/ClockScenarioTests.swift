import ClockSimulation
import Testing
import Timing

/// The clock model against known clocks behind simulated links, as in `make bench` but with fewer runs.
@Suite("Clock scenarios")
struct ClockScenarioTests {
  private struct Scores {
    var live = ClockScore()
    var afterwards = ClockScore()
  }

  private func play(_ scenario: ClockScenario, runs: UInt64 = 8) -> Scores {
    var scores = Scores()
    for seed in 1...runs {
      let session = SimulatedSession(scenario, seed: seed)
      scores.live.play(session, ClockModel())
      scores.afterwards.play(session, ClockHistory(session.exchanges.map(\.sample)))
    }
    return scores
  }

  @Test(arguments: ClockScenario.all.map(\.name))
  func theTruthIsInsideTheBoundAndTimeNeverGoesBack(name: String) throws {
    var scenario = try #require(ClockScenario.all.first { $0.name == name })
    scenario.seconds = min(scenario.seconds, 240)
    let scores = play(scenario, runs: 3)
    for score in [scores.live, scores.afterwards] {
      #expect(score.insideShare >= 0.99)
      #expect(score.wentBack == 0)
    }
    #expect(scores.afterwards.unknown == 0)
  }

  @Test func quietLink() {
    let score = play(.quiet).live
    #expect(score.error(0.95) < 1000)
    #expect(score.bound(0.5) < 3 * score.error(0.95))
    #expect(score.timeToTarget(0.95) < 500_000)
  }

  @Test func jitterOf30Milliseconds() {
    let scores = play(.jitter30)
    #expect(scores.live.error(0.95) < 3000)
    #expect(scores.afterwards.error(0.95) < 0.8 * scores.live.error(0.95))
    #expect(scores.afterwards.bound(0.5) < scores.live.bound(0.5))
  }

  @Test func burstsOnOneLeg() {
    #expect(play(.bursts).live.error(0.99) < 1000)
  }

  @Test func sleepThatStopsTheClock() {
    let scores = play(.sleep, runs: 3)
    #expect(scores.live.error(1) < 1000)
    #expect(scores.live.timeToTarget(0.95) < 500_000)
    #expect(scores.afterwards.error(1) < 1000)
  }

  @Test func thirtyMinutesAt100ppm() {
    let scores = play(.long, runs: 1)
    #expect(scores.live.error(1) < 1000)
    #expect(scores.live.insideShare >= 0.99)
    #expect(scores.afterwards.error(1) < 1000)
  }
}
