import Foundation
import Messages
import Reconstruction
import Testing

@Suite struct ExportTests {
  /// The files that Pose2Sim's, pandas' and Python's own readers were seen to read: `check_exports.py`.
  @Test(arguments: ExportFormat.allCases)
  func writesTheGoldenFile(_ format: ExportFormat) throws {
    let golden = Array(try ReferenceData.bytes("take-1.\(format.rawValue)"))
    #expect(TestTake.export(format, poses: 3) == golden)
  }

  @Test func trcTurnsTheWorldToYUp() throws {
    let zUp = try #require(lines(.trc, worldUp: .z).last).split(separator: "\t", omittingEmptySubsequences: false)
    let yUp = try #require(lines(.trc, worldUp: .y).last).split(separator: "\t", omittingEmptySubsequences: false)
    #expect(zUp[2...4] == ["-0.062500", "1.750000", "0.125000"])
    #expect(yUp[2...4] == ["0.125000", "-0.062500", "1.750000"])
    #expect(zUp.count == 2 + 33 * 3)
  }

  /// Fields as OpenSim's reader finds them: each ends at a delimiter, and what follows the last one counts unless it is empty.
  private func openSimFields(_ line: Substring) -> [Substring] {
    let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
    return fields.last == "" ? fields.dropLast() : fields
  }

  /// OpenSim refuses a file of which any row has another number of fields; so does `numpy.genfromtxt`, which counts tabs.
  @Test(arguments: [[32], [31, 32], Array(0..<33)])
  func everyRowOfATRCHasAllFieldsWhateverIsMissing(_ missing: [Int]) {
    let whole = TestTake.pose(0)
    let pose = Pose3D(
      session: whole.session, time: whole.time, clockErrorBoundMicroseconds: 700, cameras: 4,
      joints: whole.joints.enumerated().map { missing.contains($0.offset) ? .missing : $0.element })
    let text = String(decoding: TestTake.export(.trc, [pose, TestTake.pose(1), TestTake.pose(9)]), as: UTF8.self)
    let rows = text.split(separator: "\n").dropFirst(5)
    #expect(rows.count == 10)
    for row in rows {
      #expect(openSimFields(row).count == 2 + 33 * 3)
      #expect(row.split(separator: "\t", omittingEmptySubsequences: false).count == 2 + 33 * 3)
    }
    #expect(openSimFields(rows[5]).suffix(3) == ["", "", "NaN"])
  }

  @Test func instantsWithoutAPoseHaveTheirRow() throws {
    // At frames 1, 2, 5 and 6, on one grid.
    let poses = [0, 33_333, 133_333, 166_667].enumerated().map { TestTake.pose($0, at: Int64($1)) }
    let trc = lines(TestTake.export(.trc, poses)).map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
    #expect(trc[2][2] == "6" && trc[2][7] == "6", "NumFrames and OrigNumFrames")
    let times = ["0.000000", "0.033333", "0.066666", "0.100000", "0.133333", "0.166667"]
    #expect(trc.dropFirst(5).map { $0[0] } == ["1", "2", "3", "4", "5", "6"])
    #expect(trc.dropFirst(5).map { String($0[1]) } == times)
    #expect(trc[7].dropFirst(2).dropLast().allSatisfy(\.isEmpty) && trc[9][2] == "-2.062500")
    let csv = lines(TestTake.export(.csv, poses)).map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    #expect(csv.allSatisfy { $0.count == 6 + 33 * 6 })
    #expect(csv.dropFirst().map { String($0[1]) } == times)
    #expect(csv[3].prefix(6) == ["3", "0.066666", "5066666", "1795593600316666", "", "0"])
    #expect(csv[3].dropFirst(6).prefix(6) == ["", "", "", "", "", "0"])
    let object = try JSONSerialization.jsonObject(with: Data(TestTake.export(.json, poses))) as? [String: Any]
    #expect((object?["poses"] as? [[String: Any]])?.compactMap { $0["frame"] as? Int } == [1, 2, 5, 6])
  }

  @Test func theFirstLineOfATRCIsTheNameOfItsDownload() {
    for times in PoseTimes.allCases {
      let name = ExportFormat.trc.fileName(of: TestTake.session, times: times)
      #expect(lines(TestTake.export(.trc, [TestTake.pose(0)], times: times))[0].hasSuffix("\t\(name)"))
    }
    #expect(ExportFormat.csv.fileName(of: TestTake.session, times: .final) == "take-1-poses-final.csv")
  }

  @Test func withoutAnAnchorUTCIsLeftOut() throws {
    let poses = [TestTake.pose(0)]
    let csv = lines(TestTake.export(.csv, poses, anchor: nil))[1].split(
      separator: ",", omittingEmptySubsequences: false)
    #expect(csv[2] == "5000000" && csv[3].isEmpty)
    let json = try JSONSerialization.jsonObject(with: Data(TestTake.export(.json, poses, anchor: nil)))
    #expect((json as? [String: Any])?["start_utc"] is NSNull)
  }

  private func lines(_ file: [UInt8]) -> [Substring] { String(decoding: file, as: UTF8.self).split(separator: "\n") }

  @Test func jsonIsReadByFoundation() throws {
    let object = try JSONSerialization.jsonObject(with: Data(TestTake.export(.json, poses: 2))) as? [String: Any]
    let poses = try #require(object?["poses"] as? [[String: Any]])
    #expect(poses.count == 2)
    let joints = try #require(poses[1]["joints"] as? [[String: Any]])
    #expect(joints[0]["name"] as? String == "nose")
    #expect(joints[0]["xyz_m"] as? [Double] == [0.125, -1.0625, 1.75])
    #expect(joints[2]["xyz_m"] is NSNull && joints[2]["views"] as? Int == 0)
    #expect(object?["rate_hz"] as? Double == 30)
    #expect(object?["start_utc"] as? String == "2026-11-25T08:00:00.250000Z")
    #expect(object?["start_session_time_us"] as? Int == 5_000_000)
  }

  @Test func anEmptyTakeIsStillAFile() throws {
    #expect(String(decoding: TestTake.export(.trc, poses: 0), as: UTF8.self).split(separator: "\n").count == 5)
    #expect(String(decoding: TestTake.export(.csv, poses: 0), as: UTF8.self).split(separator: "\n").count == 1)
    #expect(try JSONSerialization.jsonObject(with: Data(TestTake.export(.json, poses: 0))) is [String: Any])
  }

  private func lines(_ format: ExportFormat, worldUp: WorldUp) -> [Substring] {
    String(decoding: TestTake.export(format, poses: 1, worldUp: worldUp), as: UTF8.self).split(separator: "\n")
  }
}
