import Glibc
import Messages
import Runtime
import Testing
import Timing

@testable import EdgeGateway

@Suite struct PoseJournalTests {
  let folder: TemporaryFolder
  var path: String { "\(folder.path)/poses.journal" }

  init() throws { folder = try TemporaryFolder() }

  private func pose(_ index: Int) -> Pose3D {
    Pose3D(
      session: Garage.session, time: SessionTime(microseconds: Int64(index) * 33_333), clockErrorBoundMicroseconds: 7,
      cameras: 3,
      joints: (0..<PoseLandmark.count).map {
        Pose3D.Joint(x: Float($0), y: Float(index), z: 1, confidence: 0.5, reprojectionErrorPx: 2, views: 3)
      })
  }

  private func reopen() throws -> (poses: [Pose3D], cut: Int) {
    var poses: [Pose3D] = []
    let (_, cut) = try PoseJournal.open(path) { poses.append($0) }
    return (poses, cut)
  }

  private func write(_ count: Int) throws -> [Pose3D] {
    let poses = (0..<count).map(pose)
    let (journal, _) = try PoseJournal.open(path) { _ in }
    for pose in poses { try journal.append(pose) }
    return poses
  }

  @Test func keepsEveryPose() throws {
    // More than one piece of the reader.
    let written = try write(900)
    let (read, cut) = try reopen()
    #expect(read == written && cut == 0)
  }

  /// A kill may leave the last record cut at any byte.
  @Test func anyTornEndCostsOnlyTheTornRecord() throws {
    let written = try write(3)
    let size = try #require(fileSize())
    let record = (size - 4) / 3
    for missing in stride(from: 1, through: record, by: 13) {
      truncate(path, size - missing)
      let (read, cut) = try reopen()
      #expect(read == Array(written.prefix(2)) && cut == record - missing)
      let (journal, _) = try PoseJournal.open(path) { _ in }
      try journal.append(written[2])
      #expect(fileSize() == size)
    }
  }

  @Test func rubbishAtTheEndIsCutOff() throws {
    let written = try write(2)
    for rubbish in [[UInt8](repeating: 0, count: 5000), [255, 255, 255, 255, 1], Array("AXJ1".utf8)] {
      let file = try #require(fopen(path, "a"))
      fwrite(rubbish, 1, rubbish.count, file)
      fclose(file)
      let (read, cut) = try reopen()
      #expect(read == written && cut == rubbish.count)
    }
  }

  @Test func aFileThatIsNoJournalStartsAnew() throws {
    let file = try #require(fopen(path, "w"))
    fwrite(Array("hello".utf8), 1, 5, file)
    fclose(file)
    let (read, cut) = try reopen()
    #expect(read.isEmpty && cut == 5)
    #expect(try write(1) == reopen().poses)
  }

  private func fileSize() -> Int? {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : nil
  }
}
