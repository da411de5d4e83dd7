import Messages
import Reconstruction
import Timing

/// A short made-up take: coordinates tell joint and frame, some joints are missing.
enum TestTake {
  static let session = SessionID("take-1")!

  static func description(poses: Int, worldUp: WorldUp = .z) -> TakeDescription {
    TakeDescription(
      session: session, poses: poses, ratePerSecond: 30, start: SessionTime(microseconds: 5_000_000), worldUp: worldUp)
  }

  static func pose(_ frame: Int) -> Pose3D {
    Pose3D(
      session: session, time: SessionTime(microseconds: 5_000_000 + Int64(frame) * 33_333),
      clockErrorBoundMicroseconds: 700, cameras: 4,
      joints: (0..<PoseLandmark.count).map { joint in
        if joint == 2 || joint == frame + 30 { return .missing }
        return Pose3D.Joint(
          x: Float(joint) + 0.125, y: -Float(frame) - 0.0625, z: 1.75, confidence: 0.875, reprojectionErrorPx: 3.5,
          views: 3)
      })
  }

  static func export(_ format: ExportFormat, poses: Int, worldUp: WorldUp = .z) -> [UInt8] {
    var text = TextBuffer()
    var writer = format.writer(description(poses: poses, worldUp: worldUp))
    writer.begin(&text)
    for frame in 0..<poses { writer.write(pose(frame), &text) }
    writer.end(&text)
    return text.bytes
  }
}
