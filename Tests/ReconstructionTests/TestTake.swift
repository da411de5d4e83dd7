import Messages
import Reconstruction
import Timing

/// A short made-up take: coordinates tell joint and frame, some joints are missing.
enum TestTake {
  static let session = SessionID("take-1")!

  static let start = SessionTime(microseconds: 5_000_000)
  /// 2026-11-25 08:00:00.25 UTC at the first pose.
  static let anchor = UTCAnchor(sessionTime: .zero, utcMicroseconds: 1_795_593_595_250_000)

  /// - Parameter time: microseconds after the first pose; by default the frame's place on a grid of 30 a second.
  static func pose(_ frame: Int, at time: Int64? = nil) -> Pose3D {
    Pose3D(
      session: session, time: start + (time ?? Int64(frame) * 33_333),
      clockErrorBoundMicroseconds: 700, cameras: 4,
      joints: (0..<PoseLandmark.count).map { joint in
        if joint == 2 || joint == frame + 30 { return .missing }
        return Pose3D.Joint(
          x: Float(joint) + 0.125, y: -Float(frame) - 0.0625, z: 1.75, confidence: 0.875, reprojectionErrorPx: 3.5,
          views: 3)
      })
  }

  static func export(_ format: ExportFormat, poses: Int, worldUp: WorldUp = .z) -> [UInt8] {
    export(format, (0..<poses).map { pose($0) }, worldUp: worldUp)
  }

  static func export(
    _ format: ExportFormat, _ poses: [Pose3D], worldUp: WorldUp = .z, times: PoseTimes = .live,
    anchor: UTCAnchor? = anchor
  ) -> [UInt8] {
    var plan = RowPlan(ratePerSecond: 30)
    for pose in poses { _ = plan.place(pose.time) }
    var text = TextBuffer()
    var writer = format.writer(
      TakeDescription(
        session: session, poses: poses.count, ratePerSecond: 30, start: start, worldUp: worldUp, times: times,
        anchor: anchor, rows: plan.rows))
    writer.begin(&text)
    var rows = ExportRows(ratePerSecond: 30)
    for pose in poses {
      rows.add(pose)
      while let row = rows.next() { writer.write(row, &text) }
    }
    writer.end(&text)
    return text.bytes
  }
}
