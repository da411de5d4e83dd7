import Messages
import Reconstruction
import Testing
import Timing

@Suite struct AlignerTests {
  @Test func interpolatesEachCameraToTheCommonInstant() throws {
    var phones = SimulatedPhones(phases: [0, 11_000, 29_000, 41_000], period: 66_667)
    var aligner = Aligner()
    let sets = phones.run(&aligner, seconds: 3, delay: 20_000)
    #expect(aligner.ratePerSecond == 15)
    #expect((38...45).contains(sets.count))
    let steps = zip(sets, sets.dropFirst()).map { $1.time - $0.time }
    #expect(steps.count { !(66_666...66_668).contains($0) } <= 1, "the phase may change once, when all have joined")
    // The first instants lie before some phones' first frames.
    for set in sets.dropFirst(2) {
      #expect(set.views.map(\.device.text) == ["phone-0", "phone-1", "phone-2", "phone-3"])
      #expect(set.clockErrorBoundMicroseconds == 403)
      for view in set.views {
        // The simulated joint moves at a constant speed, so linear interpolation is exact.
        let joint = try #require(view.joints.first)
        #expect((Double(joint.x) - SimulatedPhones.position(at: set.time)).magnitude < 0.01)
        #expect(view.distanceMicroseconds <= 33_334)
      }
    }
    #expect(aligner.counters.late == 0 && aligner.counters.duplicate == 0 && aligner.counters.sets == sets.count)
    #expect(aligner.counters.instantsPastDeadline == 0)
  }

  @Test func thePhaseIsChosenForShortWaits() throws {
    // A pause of 36 ms: an instant just before its end sees all four frames within 31 ms.
    var phones = SimulatedPhones(phases: [20_000, 0, 30_000, 10_000], period: 66_667, jitter: 3000)
    var aligner = Aligner()
    _ = phones.run(&aligner, seconds: 5, delay: 20_000)
    let waits = phones.emitted.dropFirst(20).map { $0.at - $0.set.time }.sorted()
    #expect(waits[waits.count / 2] < 60_000 && waits[waits.count * 95 / 100] < 65_000)
  }

  @Test func confidenceIsTheLowerOfTheTwoNeighbours() throws {
    var aligner = Aligner()
    for (index, confidence) in [0.9, 0.3, 0.8, 0.9, 0.9, 0.9, 0.9].enumerated() {
      for phone in 0..<2 {
        let time = Int64(1_000_000 + index * 100_000 + phone * 40_000)
        aligner.insert(
          SimulatedPhones.observation(phone, time: time, confidence: Float(phone == 0 ? confidence : 1)),
          now: SessionTime(microseconds: time))
      }
    }
    let sets = aligner.poll(now: SessionTime(microseconds: 1_700_000))
    // The grid begins just before the second frame of the first phone.
    #expect(sets.first?.time.microseconds == 1_095_000)
    #expect(sets.prefix(3).map { $0.views[0].joints[0].confidence } == [0.3, 0.3, 0.8])
  }

  @Test func aStalledPhoneDelaysTheOthersOnlyBriefly() throws {
    var phones = SimulatedPhones(phases: [0, 10_000, 20_000], period: 33_333)
    var aligner = Aligner()
    _ = phones.run(&aligner, seconds: 2, delay: 20_000)
    phones.silent = [1]
    let stalled = phones.run(&aligner, seconds: 2, delay: 20_000)
    #expect(stalled.count > 50)
    #expect(stalled.suffix(30).allSatisfy { $0.views.map(\.device.text) == ["phone-0", "phone-2"] })
    let worst = phones.emitted.map { $0.at - $0.set.time }.max()
    #expect(try #require(worst) < 150_000)
    #expect(aligner.counters.instantsPastDeadline > 0)
    phones.silent = []
    let again = phones.run(&aligner, seconds: 1, delay: 20_000)
    #expect(try #require(again.last).views.count == 3)
  }

  @Test func aSlowPipelineIsWaitedFor() {
    // Every pose comes 300 ms late: sets are late, but whole.
    var phones = SimulatedPhones(phases: [0, 10_000, 20_000, 30_000], period: 66_667)
    var aligner = Aligner()
    let sets = phones.run(&aligner, seconds: 4, delay: 300_000)
    #expect(sets.count > 45)
    #expect(sets.dropFirst(5).allSatisfy { $0.views.count == 4 })
  }

  @Test func outOfOrderAndRepeatedObservationsDoNoHarm() throws {
    var straight = Aligner()
    var shuffled = Aligner()
    var straightSets: [AlignedSet] = []
    var shuffledSets: [AlignedSet] = []
    for index in 0..<60 {
      for phone in 0..<2 {
        // Pairs of frames change places; each comes twice.
        let other = index ^ 1
        let time = Int64(1_000_000 + index * 33_333 + phone * 9_000)
        let swapped = Int64(1_000_000 + other * 33_333 + phone * 9_000)
        let now = SessionTime(microseconds: 1_100_000 + Int64(index) * 33_333)
        straight.insert(SimulatedPhones.observation(phone, time: time), now: now)
        for _ in 0..<2 { shuffled.insert(SimulatedPhones.observation(phone, time: swapped), now: now) }
        straightSets += straight.poll(now: now)
        shuffledSets += shuffled.poll(now: now)
      }
    }
    #expect(straightSets.count > 45 && shuffledSets.count >= straightSets.count - 3)
    for set in shuffledSets.dropFirst(2) {
      for view in set.views {
        #expect((Double(view.joints[0].x) - SimulatedPhones.position(at: set.time)).magnitude < 0.01)
      }
    }
    #expect(zip(shuffledSets, shuffledSets.dropFirst()).allSatisfy { $0.time < $1.time })
    #expect(shuffled.counters.duplicate + shuffled.counters.late == 120)
  }

  @Test func nothingIsInterpolatedAcrossAGap() {
    var phones = SimulatedPhones(phases: [0, 5_000, 10_000], period: 33_333)
    var aligner = Aligner()
    _ = phones.run(&aligner, seconds: 2, delay: 10_000)
    phones.silent = [2]
    _ = phones.run(&aligner, seconds: 1, delay: 10_000)
    phones.silent = []
    let start = phones.now
    _ = phones.run(&aligner, seconds: 1, delay: 10_000)
    for (set, _) in phones.emitted where set.views.count == 3 {
      let view = set.views[2]
      #expect(view.distanceMicroseconds <= 50_000)
      let isInside = set.time - start < -20_000 && set.time - start > -900_000
      #expect(!isInside, "no picture of that phone near \(set.time)")
    }
  }

  @Test func absurdTimesCostOneObservationEach() {
    var phones = SimulatedPhones(phases: [0, 5_000], period: 33_333)
    var aligner = Aligner()
    _ = phones.run(&aligner, seconds: 1, delay: 10_000)
    for time in [Int64.min, .min + 1, -1, 0, .max / 2, .max] {
      aligner.insert(SimulatedPhones.observation(0, time: time), now: phones.now)
    }
    #expect(aligner.counters.late + aligner.counters.future == 6)
    #expect(phones.run(&aligner, seconds: 1, delay: 10_000).count > 25)
  }

  @Test func memoryIsBounded() {
    var aligner = Aligner()
    // Only one camera films: nothing can be aligned, and nothing piles up.
    for index in 0..<5000 {
      aligner.insert(
        SimulatedPhones.observation(0, time: 1_000_000 + Int64(index) * 10_000), now: .init(microseconds: 60_000_000))
    }
    #expect(aligner.counters.overflow == 5000 - aligner.settings.keptPerDevice)
    for phone in 1..<20 {
      aligner.insert(SimulatedPhones.observation(phone, time: 50_900_000), now: .init(microseconds: 60_000_000))
    }
    #expect(aligner.counters.tooManyDevices == 12)
  }

  @Test func anHourOfSilenceIsSkippedAtOnce() {
    var phones = SimulatedPhones(phases: [0, 5_000], period: 16_667)
    var aligner = Aligner()
    _ = phones.run(&aligner, seconds: 1, delay: 10_000)
    phones.skip(seconds: 3600)
    phones.silent = [1]
    let lonely = phones.run(&aligner, seconds: 1, delay: 10_000)
    #expect(lonely.count <= 3, "the end of what two saw; one camera is not enough")
    phones.silent = []
    let sets = phones.run(&aligner, seconds: 1, delay: 10_000)
    #expect(sets.count > 50)
    #expect(aligner.counters.instantsWithTooFewCameras > 200_000)
  }

  @Test func aGridThatIsKeptHasOnePhaseWhateverComesAndGoes() {
    var settings = AlignerSettings()
    settings.keepsGrid = true
    for settings in [AlignerSettings(), settings] {
      var phones = SimulatedPhones(phases: [0, 11_000, 29_000, 50_000], period: 66_667)
      var aligner = Aligner(settings: settings)
      phones.silent = [2, 3]
      var sets = phones.run(&aligner, seconds: 4, delay: 20_000)
      phones.silent = [3]
      sets += phones.run(&aligner, seconds: 4, delay: 20_000)
      phones.silent = [1, 2, 3]
      sets += phones.run(&aligner, seconds: 4, delay: 20_000)
      phones.silent = []
      sets += phones.run(&aligner, seconds: 4, delay: 20_000)
      #expect(sets.count > 150)
      let offGrid = sets.filter { set in
        let periods = Double(set.time - sets[0].time) * 15 / 1_000_000
        return (periods - periods.rounded()).magnitude > 0.001
      }
      #expect(offGrid.isEmpty == settings.keepsGrid, "live takes a new phase, or this test shows nothing")
    }
  }

  @Test func nobodyInViewIsNoView() {
    var aligner = Aligner()
    for index in 0..<30 {
      let time = Int64(1_000_000 + index * 33_333)
      for phone in 0..<3 {
        aligner.insert(
          SimulatedPhones.observation(phone, time: time, isEmpty: phone == 1), now: .init(microseconds: time))
      }
    }
    let sets = aligner.poll(now: .init(microseconds: 2_000_000))
    #expect(sets.count > 20 && sets.allSatisfy { $0.views.map(\.device.text) == ["phone-0", "phone-2"] })
  }

  @Test func aSuccessorGoesOnAfterWhatWasPublished() {
    var phones = SimulatedPhones(phases: [0, 5_000], period: 33_333)
    var first = Aligner()
    let before = phones.run(&first, seconds: 1, delay: 10_000)
    var second = Aligner(notBefore: before[before.count - 1].time)
    let after = phones.run(&second, seconds: 1, delay: 10_000)
    #expect(after.count > 20 && after[0].time > before[before.count - 1].time)
  }
}
