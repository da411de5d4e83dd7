import Foundation
import Messages
import Runtime
import TestFolders
import Testing
import Timing

@testable import EdgeGateway

@Suite struct PoseJournalTests {
  let folder: TemporaryFolder
  var path: String { "\(folder.path)/poses.journal" }

  init() throws { folder = TemporaryFolder() }

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

  // MARK: - Damage before the end

  private func bytes() throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }
  private func replace(with bytes: [UInt8]) throws { try Data(bytes).write(to: URL(filePath: path)) }

  /// Each byte of a record in the middle, and the beginning of the file: what is behind is still read.
  @Test func oneDamagedByteCostsAtMostItsRecord() throws {
    let written = try write(4)
    let good = try bytes()
    let record = (good.count - 4) / 4
    let places = Array(0..<4) + Array(4 + record..<4 + record + 60) + [4 + record + 300, 4 + 2 * record - 1]
    for place in places {
      for value: UInt8 in [0, 1, 0xFF] where good[place] != value {
        var damaged = good
        damaged[place] = value
        try replace(with: damaged)
        let (read, cut) = try reopen()
        #expect(cut == 0, "byte \(place)")
        #expect(read.filter(written.contains).count >= (place < 4 ? 4 : 3), "byte \(place)")
        #expect(fileSize() == good.count, "damage stays where it is")
      }
    }
  }

  @Test func damageIsCountedAndWritingGoesOnBehindIt() throws {
    let written = try write(200)
    var damaged = try bytes()
    let record = (damaged.count - 4) / 200
    // Blocks that a power failure left empty, further on than one piece of the reader.
    for (first, count) in [(20, 3), (110, 90)] {
      for place in 4 + first * record..<4 + (first + count) * record - 7 where count < 90 { damaged[place] = 0 }
    }
    for place in 4 + 110 * record..<4 + 199 * record + 9 { damaged[place] = UInt8(truncatingIfNeeded: place) }
    try replace(with: damaged)
    var (read, cut) = try reopen()
    #expect(read == Array(written[..<20] + written[23..<110]))
    #expect(cut == 90 * record, "no good record is behind the second place")
    let (journal, _) = try PoseJournal.open(path) { _ in }
    #expect(journal.damage == JournalDamage(places: 1, bytes: 3 * record))
    try journal.append(written[199])
    (read, cut) = try reopen()
    #expect(read.count == 108 && read.last == written[199] && cut == 0)
  }

  @Test func theEndOfALongJournalIsFoundWithoutReadingItAll() throws {
    let written = try write(500)
    let good = try bytes()
    let record = (good.count - 4) / 500
    func resumed() throws -> (Pose3D?, Int, Int) {
      let (journal, cut, last) = try PoseJournal.resume(path)
      return (last, cut, journal.end)
    }
    #expect(try resumed() == (written[499], 0, good.count))
    try replace(with: Array(good.dropLast(100)))
    #expect(try resumed() == (written[498], record - 100, good.count - record))
    #expect(fileSize() == good.count - record)
    // Damage that is longer than what is looked at first.
    try replace(with: good[..<(4 + 300 * record)] + [UInt8](repeating: 0, count: 200_000))
    #expect(try resumed() == (written[299], 200_000, 4 + 300 * record))
    for nothing in [[], Array("AXJ1".utf8), Array("hel".utf8), Array("AXJ1hello".utf8)] as [[UInt8]] {
      try replace(with: nothing)
      let (last, _, end) = try resumed()
      #expect(last == nil && end == 4)
      #expect(try bytes() == Array("AXJ1".utf8))
    }
  }

  // MARK: - What the medium does not give back

  /// As Linux reads a file with bad blocks: up to the first of them, and there an error.
  private func failing(_ bad: Range<Int>) -> ReadFile {
    { descriptor, buffer, count, offset in
      guard offset + count > bad.lowerBound, offset < bad.upperBound else {
        return pread(descriptor, buffer, count, offset)
      }
      guard offset < bad.lowerBound else {
        errno = EIO
        return -1
      }
      return pread(descriptor, buffer, bad.lowerBound - offset, offset)
    }
  }

  @Test(arguments: [8192..<12288, 0..<4096, 65536..<131072, 196608..<200704])
  func whatCannotBeReadIsPassedOver(bad: Range<Int>) throws {
    let written = try write(400)
    let size = try #require(fileSize())
    let record = (size - 4) / 400
    try #require(size > bad.upperBound)
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    var reader = JournalReader<Pose3D>(descriptor: descriptor, path: path, read: failing(bad))
    var read: [Pose3D] = []
    while let pose = try reader.next() { read.append(pose) }
    let good = written.enumerated().filter { index, _ in
      let place = 4 + index * record..<4 + (index + 1) * record
      return !place.overlaps(bad)
    }.map(\.element)
    #expect(read == good && good.count < 400)
    #expect(reader.damage.places == 1 && reader.offset == size)
  }

  /// A dead disk ends it.
  @Test func anotherErrorIsOne() throws {
    _ = try write(3)
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    var reader = JournalReader<Pose3D>(descriptor: descriptor, path: path) { _, _, _, _ in
      errno = EBADF
      return -1
    }
    #expect(throws: SystemError.self) { try reader.next() }
  }

  @Test func finalPosesAreFoundAlthoughTheLiveOnesCannotBeRead() throws {
    let session = SessionFolder(root: folder.path, session: Garage.session)
    try session.create()
    for (path, count) in [(session.journal, 5), (session.finalJournal, 7)] {
      let (journal, _) = try PoseJournal.open(path) { _ in }
      for index in 0..<count { try journal.append(pose(index)) }
    }
    var failures = 1
    let restoration = try PoseRestoration(session, end: .max) { descriptor, buffer, count, offset in
      guard failures == 0 else {
        failures -= 1
        errno = EACCES
        return -1
      }
      return pread(descriptor, buffer, count, offset)
    }
    #expect(throws: SystemError.self) { try restoration.step() }
    #expect(!restoration.passOver())
    while try !restoration.step() {}
    #expect(restoration.finalTake?.poses == 7 && restoration.figures.poses == 0)
  }

  private func fileSize() -> Int? {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : nil
  }
}
