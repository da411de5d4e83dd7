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

  @Test func jsonIsReadByFoundation() throws {
    let object = try JSONSerialization.jsonObject(with: Data(TestTake.export(.json, poses: 2))) as? [String: Any]
    let poses = try #require(object?["poses"] as? [[String: Any]])
    #expect(poses.count == 2)
    let joints = try #require(poses[1]["joints"] as? [[String: Any]])
    #expect(joints[0]["name"] as? String == "nose")
    #expect(joints[0]["xyz_m"] as? [Double] == [0.125, -1.0625, 1.75])
    #expect(joints[2]["xyz_m"] is NSNull && joints[2]["views"] as? Int == 0)
    #expect(object?["rate_hz"] as? Double == 30)
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
