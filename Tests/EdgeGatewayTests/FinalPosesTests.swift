import FoundationEssentials
import Glibc
import Messages
import Reconstruction
import Runtime
import TestFolders
import Testing
import Timing

@testable import EdgeGateway

/// Poses made once more with the times that are known afterwards.
@Suite struct FinalPosesTests {
  private static let start: Int64 = 1_000_000
  /// How wrong the first phone's live times are, µs, while the person walks at one metre a second.
  private static let wrong: Int64 = 40_000
  private let folder: TemporaryFolder
  private let log = Log(name: "test", level: .error) { _ in }
  private var root: String { SessionFolder.root(stateDirectory: folder.path) }
  private var files: SessionFolder { SessionFolder(root: root, session: Garage.session) }

  init() throws { folder = TemporaryFolder() }

  private func open() throws -> SessionReconstruction {
    try SessionReconstruction(session: Garage.session, root: root, log: log, now: .zero)
  }

  /// Where a joint is at a true time, metres.
  private func joint(_ index: Int, at instant: Int64) -> SIMD3<Double> {
    Garage.joint(index) + SIMD3(Double(instant - Self.start) / 1_000_000, 0, 0)
  }

  /// Films `frames` frames of four phones, whose light came at true times; the first phone's live times are late.
  @discardableResult
  private func film(
    _ session: SessionReconstruction, frames: Int64, sees: (_ phone: Int, _ frame: Int64) -> Bool = { _, _ in true }
  ) throws -> FinalTimes {
    var times: [Int: [FinalDeviceTimes.Time]] = [:]
    let cameras = try Garage.cameras().map { try $0.scaled(to: PixelSize(width: 720, height: 1280)) }
    for frame in 0..<frames {
      for (phone, camera) in cameras.enumerated() where sees(phone, frame) {
        let light = Self.start + frame * Garage.period + Int64(phone) * 7000
        let joints = (0..<PoseLandmark.count).map { index in
          let pixel = camera.project(joint(index, at: light)) ?? .zero
          return Observation2D.Joint(x: Float(pixel.x + 0.5), y: Float(pixel.y + 0.5), confidence: 0.9)
        }
        let live = SessionTime(microseconds: light + (phone == 0 ? Self.wrong : 0))
        session.take(
          Observation2D(
            key: DeviceKey(session: Garage.session, device: DeviceID("phone-\(phone)")!),
            sequence: UInt32(frame + 1), captured: live, clockErrorBoundMicroseconds: 50_000, recorded: live,
            width: 720, height: 1280, score: 0.9, joints: joints), now: live + 30_000)
        _ = session.poses(now: live + 30_000)
        times[phone, default: []].append(
          FinalDeviceTimes.Time(
            sequence: UInt32(frame + 1),
            reading: ClockReading(time: SessionTime(microseconds: light), errorBoundMicroseconds: 300)))
      }
    }
    var writer = ByteWriter()
    for (phone, known) in times {
      FinalDeviceTimes(device: DeviceID("phone-\(phone)")!, times: known).encode(into: &writer)
    }
    return try FinalTimes(decoding: writer.bytes)
  }

  private func poses(_ path: String) throws -> [Pose3D] {
    var poses: [Pose3D] = []
    _ = try PoseJournal.open(path) { poses.append($0) }
    return poses
  }

  /// Mean distance of all joints from where they were, metres.
  private func error(_ poses: [Pose3D]) -> Double {
    var sum = 0.0
    var count = 0
    for pose in poses {
      for (index, found) in pose.joints.enumerated() where found.views > 0 {
        let difference =
          SIMD3(Double(found.x), Double(found.y), Double(found.z)) - joint(index, at: pose.time.microseconds)
        sum += dot(difference, difference).squareRoot()
        count += 1
      }
    }
    return sum / Double(count)
  }

  private func finish(_ session: SessionReconstruction, _ times: FinalTimes) throws -> FinalPosesJob {
    let job = try #require(try session.beginFinalPoses(times))
    while try !job.step() {}
    session.finalPosesAreMade(by: job)
    return job
  }

  private func export(_ session: SessionReconstruction, _ times: PoseTimes? = nil) throws -> String? {
    guard let job = try session.beginExport(.json, times: times) else { return nil }
    while try !job.step() {}
    return String(decoding: try #require(try session.readExport(job.name, offset: 0)), as: UTF8.self)
  }

  @Test func betterTimesMakeBetterPosesAndBothAreKept() throws {
    let session = try open()
    _ = try session.calibrate(Array(Garage.calibration()))
    let times = try film(session, frames: 90)
    #expect(try export(session, .final) == nil)
    #expect(try #require(try export(session)).contains(#""times":"live""#))
    let job = try finish(session, times)
    #expect(job.observations == 360 && job.corrected == 360)
    let (live, better) = (try poses(files.journal), try poses(files.finalJournal))
    #expect(better.count > 80 && better.count == job.poses)
    #expect(error(live) > 0.005, "the wrong times must be seen, or this test shows nothing")
    #expect(error(better) < 0.001)
    #expect(better.allSatisfy { $0.clockErrorBoundMicroseconds == 300 })
    #expect(try #require(try export(session)).contains(#""times":"final""#))
    #expect(try #require(try export(session, .live)).contains(#""times":"live""#))
    // A process that comes later finds them, and has nothing to do.
    let later = try open()
    #expect(try #require(try export(later)).contains(#""times":"final""#))
    #expect(try later.beginFinalPoses(times) == nil)
  }

  /// A steady rate is what the exports of these poses promise.
  @Test func camerasThatComeAndGoDoNotMoveTheGrid() throws {
    let session = try open()
    _ = try session.calibrate(Array(Garage.calibration()))
    // Two phones; then all; one alone, which makes no pose; then all.
    let times = try film(session, frames: 130) { phone, frame in
      switch frame {
      case ..<40: phone >= 2
      case ..<80: true
      case ..<95: phone == 0
      default: true
      }
    }
    _ = try finish(session, times)
    let offGrid = try [files.journal, files.finalJournal].map { path in
      let poses = try poses(path)
      #expect(poses.count > 90)
      return poses.count { pose in
        let steps = Double(pose.time - poses[0].time) * 30 / 1_000_000
        return (steps - steps.rounded()).magnitude > 0.001
      }
    }
    #expect(offGrid[0] > 0, "the live grid takes new phases, or this test shows nothing")
    #expect(offGrid[1] == 0)
    let job = try #require(try session.beginExport(.trc, times: .final))
    while try !job.step() {}
    let text = String(decoding: try #require(try session.readExport(job.name, offset: 0)), as: UTF8.self)
    let rows = text.split(separator: "\n").dropFirst(5).map {
      $0.split(separator: "\t", omittingEmptySubsequences: false)
    }
    #expect(rows.count > job.poses)
    for (index, row) in rows.enumerated() {
      #expect(row[0] == "\(index + 1)")
      #expect((try #require(Double(row[1])) - Double(index) / 30).magnitude < 3e-6)
    }
  }

  @Test func aJobThatIsKilledLeavesWhatWasThere() throws {
    let session = try open()
    _ = try session.calibrate(Array(Garage.calibration()))
    let times = try film(session, frames: 120)
    do {
      let job = try #require(try session.beginFinalPoses(times))
      #expect(try !job.step())
    }
    #expect(access(files.finalJournal, F_OK) != 0 && access(files.newFinalJournal, F_OK) != 0)
    // As a kill leaves it: half of a new journal.
    let half = try #require(fopen(files.newFinalJournal, "w"))
    fwrite(Array("AXJ1 rubbish".utf8), 1, 12, half)
    fclose(half)
    let sessions = try Reconstructions(stateDirectory: folder.path, log: log)
    #expect(sessions.awaitingFinalPoses == [Garage.session])
    let next = try open()
    #expect(try finish(next, times).poses > 100)
    #expect(error(try poses(files.finalJournal)) < 0.001)
    #expect(sessions.awaitingFinalPoses == [])
  }

  @Test func withoutFinalTimesTheLivePosesStand() throws {
    let session = try open()
    _ = try session.calibrate(Array(Garage.calibration()))
    try film(session, frames: 60)
    #expect(try finish(session, FinalTimes(decoding: [])).corrected == 0)
    #expect(try export(session, .final) == nil)
    #expect(try #require(try export(session)).contains(#""times":"live""#))
    #expect(!files.awaitsFinalPoses)
  }

  /// Frames that were sent again come in files of their own; of two times of one frame the later one counts.
  @Test func timesInAnyOrderAreFound() throws {
    var writer = ByteWriter()
    let device = DeviceID("phone-0")!
    for times in [[(1, 10), (2, 20), (9, 90)], [(4, 40), (5, 50), (9, 91)], [(3, 30)]] as [[(UInt32, Int64)]] {
      FinalDeviceTimes(
        device: device,
        times: times.map { sequence, time in
          FinalDeviceTimes.Time(
            sequence: sequence,
            reading: ClockReading(time: SessionTime(microseconds: time), errorBoundMicroseconds: 1))
        }
      ).encode(into: &writer)
    }
    let final = try FinalTimes(decoding: writer.bytes)
    let found = try (0...10).map { sequence in
      try final.corrected(Garage.observation(phone: 0, at: .zero, sequence: sequence))?.captured.microseconds
    }
    #expect(found == [nil, 10, 20, 30, 40, 50, nil, nil, nil, 91, nil])
    #expect(try final.corrected(Garage.observation(phone: 1, at: .zero, sequence: 1)) == nil)
  }

  @Test func damagedTimesAreRefused() throws {
    for bytes: [UInt8] in [[3], [1, 0x61], [1, 0x61, 1, 0, 0, 0], [0, 0, 0, 0, 0], [1, 0x2E, 0, 0, 0, 0]] {
      #expect(throws: DecodingFailure.self) { try FinalTimes(decoding: bytes) }
    }
  }

  /// The calibration before the place and all observations behind it are used.
  @Test func damagedObservationsCostOnlyThemselves() throws {
    let session = try open()
    _ = try session.calibrate(Array(Garage.calibration()))
    let times = try film(session, frames: 90)
    let file = try #require(fopen(files.observations, "r+"))
    defer { fclose(file) }
    var lengths: [Int] = []
    let (journal, _) = try Journal<ObservationRecord>.open(files.observations) {
      lengths.append($0.encoded().count + 4)
    }
    fseek(file, 4 + lengths[..<100].reduce(0, +), SEEK_SET)
    fwrite([UInt8](repeating: 0, count: 50), 1, 50, file)
    fflush(file)
    let job = try finish(session, times)
    #expect(job.observations == 359 && job.damage == JournalDamage(places: 1, bytes: lengths[100]))
    #expect(job.poses > 80)
    #expect(error(try poses(files.finalJournal)) < 0.001)
    withExtendedLifetime(journal) {}
  }

  /// A calibration's bytes could be any: a length that is wrong must not make one of what follows.
  @Test func aDamagedCalibrationSwallowsNothing() throws {
    let session = try open()
    _ = try session.calibrate(Array(Garage.calibration()))
    try film(session, frames: 5)
    let file = try #require(fopen(files.observations, "r+"))
    fseek(file, 4, SEEK_SET)
    fwrite([0, 0, 0, 0], 1, 4, file)
    fclose(file)
    var observations = 0
    _ = try Journal<ObservationRecord>.open(files.observations) { record in
      if case .observation = record { observations += 1 } else { Issue.record("not a calibration") }
    }
    #expect(observations == 20)
  }

  /// The session's folder has it once more. What it says where it stands is not believed when it is no calibration.
  @Test(arguments: [4, 4 + 4 + 9 + 40]) func aDamagedCalibrationCostsNoPose(place: Int) throws {
    let session = try open()
    _ = try session.calibrate(Array(Garage.calibration()))
    let times = try film(session, frames: 90)
    let file = try #require(fopen(files.observations, "r+"))
    fseek(file, place, SEEK_SET)
    fwrite([0, 0, 0, 0], 1, 4, file)
    fclose(file)
    let job = try finish(session, times)
    #expect(job.observations == 360 && job.damage.places == 1)
    #expect(job.poses > 80)
    #expect(error(try poses(files.finalJournal)) < 0.001)
  }

  /// A name may have come to the medium, and the bytes not.
  @Test(arguments: [0, 3]) func finalPosesThatAPowerFailureTookAreMadeAgain(left: Int) throws {
    let session = try open()
    _ = try session.calibrate(Array(Garage.calibration()))
    let times = try film(session, frames: 90)
    _ = try finish(session, times)
    #expect(!files.awaitsFinalPoses)
    #expect(truncate(files.finalJournal, left) == 0)
    #expect(files.awaitsFinalPoses)
    #expect(try finish(try open(), times).poses > 80)
    #expect(!files.awaitsFinalPoses)
  }

  @Test func thePosesTakeTheirPlaceWhenTheyAreOnTheMedium() throws {
    let session = try open()
    _ = try session.calibrate(Array(Garage.calibration()))
    let job = try #require(try session.beginFinalPoses(try film(session, frames: 30)))
    while !job.waitsForDisk { try #require(try !job.step()) }
    #expect(access(files.finalJournal, F_OK) != 0 && access(files.newFinalJournal, F_OK) == 0)
    while try !job.step() {}
    #expect(access(files.finalJournal, F_OK) == 0 && access(files.newFinalJournal, F_OK) != 0)
  }

  @Test func aTornObservationCostsOnlyItself() throws {
    let session = try open()
    _ = try session.calibrate(Array(Garage.calibration()))
    try film(session, frames: 5)
    let file = try #require(fopen(files.observations, "a"))
    fwrite([UInt8](repeating: 9, count: 77), 1, 77, file)
    fclose(file)
    var kinds: [Bool] = []
    let (journal, cut) = try Journal<ObservationRecord>.open(files.observations) {
      if case .calibration = $0 { kinds.append(true) } else { kinds.append(false) }
    }
    #expect(cut == 77 && kinds == [true] + [Bool](repeating: false, count: 20))
    #expect(journal.end > 20 * 400)
  }
}
