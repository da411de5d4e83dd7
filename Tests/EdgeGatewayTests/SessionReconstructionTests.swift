import FoundationEssentials
import Glibc
import Messages
import Reconstruction
import Runtime
import TestFolders
import Testing
import Timing

@testable import EdgeGateway

@Suite struct SessionReconstructionTests {
  let folder: TemporaryFolder
  let log = Log(name: "test", level: .error) { _ in }

  init() throws { folder = TemporaryFolder() }

  private func open(now: Int64 = 0) throws -> SessionReconstruction {
    let root = SessionFolder.root(stateDirectory: folder.path)
    return try SessionReconstruction(
      session: Garage.session, root: root, log: log, now: SessionTime(microseconds: now))
  }

  /// Feeds frames `range` of all four phones and answers the poses.
  private func film(_ session: SessionReconstruction, _ range: Range<Int64>) throws -> [Pose3D] {
    var poses: [Pose3D] = []
    for frame in range {
      for phone in 0..<4 {
        let captured = SessionTime(microseconds: 1_000_000 + frame * Garage.period + Int64(phone) * 7000)
        session.take(try Garage.observation(phone: phone, at: captured), now: captured + 30_000)
        poses += session.poses(now: captured + 30_000)
      }
    }
    return poses
  }

  @Test func knownJointsComeOut() throws {
    let session = try open()
    #expect(try session.calibrate(Array(Garage.calibration())).map(\.text) == (0..<4).map { "phone-\($0)" })
    let poses = try film(session, 0..<30)
    #expect(poses.count > 20)
    for pose in poses.dropFirst(3) {
      #expect(pose.cameras == 4 && pose.clockErrorBoundMicroseconds == 500)
      for (index, joint) in pose.joints.enumerated() {
        let difference = SIMD3(Double(joint.x), Double(joint.y), Double(joint.z)) - Garage.joint(index)
        #expect(joint.views == 4 && dot(difference, difference).squareRoot() < 1e-3)
      }
    }
    let figures = session.statistics
    #expect(figures.calibrated && figures.poses == poses.count && figures.alignedSets == poses.count)
    #expect(figures.observations == 120 && figures.jointsPerPose == 33)
    #expect(try #require(figures.reprojectionPxMedian) < 0.1)
    #expect(try #require(figures.captureToPoseMsP50) < 100)
    let ratio = try #require(figures.reprojectionCalibrationPxMedian) / #require(figures.reprojectionPxMedian)
    #expect((ratio - 1.5).magnitude < 1e-9)
  }

  @Test func withoutCalibrationSetsAreCountedAndNoPoseIsMade() throws {
    let session = try open()
    #expect(try film(session, 0..<20).isEmpty)
    let figures = session.statistics
    #expect(!figures.calibrated && figures.alignedSets > 10 && figures.poses == 0)
    #expect(figures.dropped["uncalibrated"] == figures.alignedSets)
    #expect(try session.beginExport(.trc) == nil)
    #expect(!SessionFolder(root: SessionFolder.root(stateDirectory: folder.path), session: Garage.session).exists)
  }

  @Test func aSuccessorGoesOnWhereAKilledProcessStopped() throws {
    let first = try open()
    _ = try first.calibrate(Array(Garage.calibration()))
    let before = try film(first, 0..<20)
    let path = "\(SessionFolder.root(stateDirectory: folder.path))/\(Garage.session.text)/poses.journal"
    // A kill in the middle of a write.
    let file = try #require(fopen(path, "a"))
    fwrite([UInt8](repeating: 0x20, count: 100), 1, 100, file)
    fclose(file)
    let second = try open(now: 1_000_000 + 20 * Garage.period)
    #expect(second.isCalibrated && second.statistics.poses == before.count)
    let after = try film(second, 20..<50)
    #expect(after.count > 15)
    #expect(try #require(after.first).time > (try #require(before.last)).time)
    let (poses, exported) = try export(second, .csv)
    #expect(poses == before.count + after.count)
    // The instants in between, while no process was there, have their rows, too.
    let rows = exported.split(separator: "\n").dropFirst().map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    #expect(rows.count > poses && rows.count { $0[5] != "0" } == poses)
    #expect(rows.map { $0[0] } == (1...rows.count).map { "\($0)" })
  }

  /// An hour's journal takes seconds to read: the loop must have its turns in between, and what is filmed meanwhile counts.
  @Test func whatAnEarlierProcessLeftIsReadInSteps() throws {
    let first = try open()
    _ = try first.calibrate(Array(Garage.calibration()))
    let before = try film(first, 0..<400)
    let second = try open(now: 1_000_000 + 400 * Garage.period)
    #expect(second.isCalibrated && !second.isRestored)
    var isTold = false
    second.whenRestored { isTold = true }
    let meanwhile = try film(second, 400..<430)
    #expect(meanwhile.count > 15)
    #expect(try #require(meanwhile.first).time > (try #require(before.last)).time)
    #expect(!second.isRestored && !isTold, "nothing of it is needed for that")
    var steps = 1
    while !second.restoreStep() { steps += 1 }
    #expect(steps >= before.count / PoseRestoration.posesPerStep && isTold && second.isRestored)
    #expect(second.statistics.poses == before.count + meanwhile.count)
    // The same as if one process had seen it all.
    let third = try open(now: 1_000_000 + 430 * Garage.period)
    let (a, b) = (third.statistics, second.statistics)
    #expect(a.poses == b.poses && a.jointsPerPose == b.jointsPerPose)
    #expect(a.reprojectionPxMedian == b.reprojectionPxMedian)
    let (poses, _) = try export(second, .csv)
    #expect(poses == before.count + meanwhile.count)
  }

  @Test func observationsAreKeptBehindThoseOfAnEarlierProcess() throws {
    let first = try open()
    _ = try first.calibrate(Array(Garage.calibration()))
    _ = try film(first, 0..<100)
    let second = try open(now: 1_000_000 + 100 * Garage.period)
    _ = try film(second, 100..<110)
    let files = SessionFolder(root: SessionFolder.root(stateDirectory: folder.path), session: Garage.session)
    var count = 0
    _ = try Journal<ObservationRecord>.open(files.observations) { _ in count += 1 }
    #expect(count == 1 + 440)
  }

  @Test func anExportHoldsWhatItsHeaderSays() throws {
    let session = try open()
    _ = try session.calibrate(Array(Garage.calibration()))
    _ = try film(session, 0..<30)
    let job = try #require(try session.beginExport(.trc))
    // Poses that come while the export is written wait for the next one.
    let more = try film(session, 30..<40)
    #expect(!more.isEmpty)
    while try !job.step() {}
    let text = String(decoding: try #require(try session.readExport(job.name, offset: 0)), as: UTF8.self)
    let lines = text.split(separator: "\n")
    #expect(lines[2].split(separator: "\t")[2] == "\(lines.count - 5)" && lines.count >= 5 + job.poses)
    #expect(lines[2].hasPrefix("30.00\t30.00\t"))
    #expect(job.bytes == text.utf8.count)
    #expect(try session.readExport(job.name, offset: job.bytes) == [])
    #expect(try session.readExport(job.name, offset: 10)?.count == job.bytes - 10)
    for name in [
      "../poses.journal", "poses.journal", "", "poses-1.trc/../../poses.journal", "poses-99.trc", "poses-.csv",
    ] {
      #expect(try session.readExport(name, offset: 0) == nil)
    }
    #expect(try session.readExport(job.name, offset: -1) == nil)
  }

  @Test func aPauseIsWrittenInSteps() throws {
    let session = try open()
    _ = try session.calibrate(Array(Garage.calibration()))
    let poses = try film(session, 0..<30) + film(session, 15_000..<15_030)
    let job = try #require(try session.beginExport(.csv))
    var steps = 1
    while try !job.step() { steps += 1 }
    let frames = Double(try #require(poses.last).time - poses[0].time) * 30 / 1_000_000
    #expect(steps > Int(frames) / ExportJob.rowsPerStep, "the loop must have its turns in between")
    var bytes: [UInt8] = []
    while let piece = try session.readExport(job.name, offset: bytes.count), !piece.isEmpty { bytes += piece }
    #expect(bytes.count { $0 == UInt8(ascii: "\n") } == 2 + Int(frames.rounded()))
  }

  /// Its SessionTime began anew with the machine: the anchor says nothing of it.
  @Test func posesOfAnotherStartOfTheMachineHaveNoUTC() throws {
    let session = try open()
    _ = try session.calibrate(Array(Garage.calibration()))
    let first = try #require(try film(session, 0..<30).first).time
    for (sessionTime, isKnown) in [(first, true), (first + 1, false)] {
      let anchor = UTCAnchor(sessionTime: sessionTime, utcMicroseconds: 1_795_593_600_000_000)
      let job = try #require(try session.beginExport(.json, anchor: anchor))
      while try !job.step() {}
      let text = String(decoding: try #require(try session.readExport(job.name, offset: 0)), as: UTF8.self)
      #expect(text.contains(isKnown ? #""start_utc":"2026-11-25T08:00:00.000000Z""# : #""start_utc":null"#))
    }
  }

  @Test func onlyTheLatestExportsAreKept() throws {
    let session = try open()
    _ = try session.calibrate(Array(Garage.calibration()))
    _ = try film(session, 0..<15)
    var names: [String] = []
    for _ in 0..<ExportShelf.kept + 3 {
      let job = try #require(try session.beginExport(.json))
      while try !job.step() {}
      session.exportFinished()
      names.append(job.name)
    }
    #expect(Set(names).count == names.count)
    #expect(try session.readExport(names[0], offset: 0) == nil)
    #expect(try names.suffix(ExportShelf.kept).allSatisfy { try session.readExport($0, offset: 0) != nil })
  }

  @Test func aCalibrationThatDoesNotFitThePicturesIsSaid() throws {
    let session = try open()
    let turned = try Garage.cameras().map { camera in
      try CameraModel(
        name: camera.name, imageSize: PixelSize(width: 1920, height: 1080), focal: camera.focal, centre: camera.centre,
        distortion: camera.distortion, rotation: camera.rotation, translation: camera.translation)
    }
    _ = try session.calibrate(CalibrationJSON.encode(try Calibration(cameras: turned)))
    #expect(try film(session, 0..<20).isEmpty)
    #expect(try #require(session.statistics.dropped["unfit_picture"]) > 10)
  }

  private func export(_ session: SessionReconstruction, _ format: ExportFormat) throws -> (Int, String) {
    let job = try #require(try session.beginExport(format))
    while try !job.step() {}
    return (job.poses, String(decoding: try #require(try session.readExport(job.name, offset: 0)), as: UTF8.self))
  }
}
