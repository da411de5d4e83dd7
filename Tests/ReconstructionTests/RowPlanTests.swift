import Reconstruction
import Testing
import Timing

@Suite struct RowPlanTests {
  /// Places of poses at these times, microseconds.
  private func places(_ times: [Int64], rate: Double = 30) -> (frames: [Int], empty: [Int], rows: Int) {
    var plan = RowPlan(ratePerSecond: rate)
    let places = times.map { plan.place(SessionTime(microseconds: 77_000_000 + $0)) }
    return (places.map(\.frame), places.map(\.empty.count), plan.rows)
  }

  @Test func aSteadyTakeHasARowForEachPose() {
    let times = (0..<1000).map { Int64((Double($0) * 1_000_000 / 30).rounded()) }
    let (frames, empty, rows) = places(times)
    #expect(frames == Array(1...1000) && empty.allSatisfy { $0 == 0 } && rows == 1000)
  }

  @Test func missedInstantsAreCounted() {
    let (frames, empty, rows) = places([0, 33_333, 100_000, 300_000])
    #expect(frames == [1, 2, 4, 10] && empty == [0, 0, 1, 5] && rows == 10)
  }

  /// A live grid's new phase: frame numbers stay the nearest to the time, and never repeat.
  @Test func unevenStepsNeitherRepeatNorRunAway() {
    var times: [Int64] = [0]
    for index in 1...600 { times.append(times[index - 1] + (index % 100 == 0 ? 100_042 : 66_667)) }
    let (frames, _, rows) = places(times, rate: 15)
    #expect(zip(frames, frames.dropFirst()).allSatisfy { $0 < $1 })
    for (frame, time) in zip(frames, times) {
      #expect((Double(frame - 1) - Double(time) * 15 / 1_000_000).magnitude <= 1)
    }
    #expect(rows == frames.last)
  }

  /// A clock that began anew (a reboot) costs no row and no crash.
  @Test func timesThatGoBackGoOnByOne() {
    #expect(places([0, 33_333, -5_000_000, -4_966_667]).frames == [1, 2, 3, 4])
  }

  @Test func aPauseOfMinutesStaysWholeAndOneOfHoursJumps() {
    let minutes = Int64(RowPlan.longestPauseSeconds) * 1_000_000
    #expect(places([0, minutes]).rows == 18_001)
    let (frames, empty, rows) = places([0, 7_200_000_000, 7_200_033_333])
    #expect(rows == 3 && empty == [0, 0, 0])
    #expect(frames == [1, 216_001, 216_002], "frame number and time jump together")
  }

  @Test func emptyRowsAreBoundedInAll() {
    // A pose every five minutes, for a day.
    let (frames, empty, rows) = places((0..<288).map { $0 * 300_000_000 })
    #expect(empty.reduce(0, +) <= RowPlan.maximumEmptyRows && empty.reduce(0, +) > RowPlan.maximumEmptyRows - 9000)
    #expect(rows == 288 + empty.reduce(0, +))
    #expect(frames.last == 1 + 287 * 300 * 30)
  }
}
