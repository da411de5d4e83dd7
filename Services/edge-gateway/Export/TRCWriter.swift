import Messages

/// OpenSim's marker file, laid out as Pose2Sim 0.10.49 writes it.
///
/// Metres; frames are counted from 1, time from the first pose. OpenSim's axes: y is up. A world whose z is up is turned
/// as Pose2Sim does, (x, y, z) → (y, z, x); one whose y is up stays. Joints that were not found are empty fields.
public struct TRCWriter: PoseWriter {
  private let take: TakeDescription
  private var frame = 0

  public init(_ take: TakeDescription) { self.take = take }

  public mutating func begin(_ text: inout TextBuffer) {
    let names = PoseLandmark.allCases.map(\.name)
    text.append("PathFileType\t4\t(X/Y/Z)\t\(take.name).trc\n")
    text.append(
      "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n")
    for _ in 0..<2 {
      text.append(take.ratePerSecond, decimals: 2)
      text.append("\t")
    }
    text.append("\(take.poses)\t\(names.count)\tm\t")
    text.append(take.ratePerSecond, decimals: 2)
    text.append("\t1\t\(take.poses)\n")
    text.append("Frame#\tTime\t" + names.joined(separator: "\t\t\t") + "\t\t\t\n\t\t")
    text.append((1...names.count).map { "X\($0)\tY\($0)\tZ\($0)" }.joined(separator: "\t") + "\t\n")
  }

  public mutating func write(_ pose: Pose3D, _ text: inout TextBuffer) {
    frame += 1
    text.append(frame)
    text.append("\t")
    text.append(take.seconds(pose.time), decimals: 6)
    for joint in pose.joints {
      let axes =
        switch take.worldUp {
        case .z: [joint.y, joint.z, joint.x]
        case .y: [joint.x, joint.y, joint.z]
        }
      for value in axes {
        text.append("\t")
        if joint.views > 0 { text.append(Double(value), decimals: 6) }
      }
    }
    text.append("\n")
  }

  public mutating func end(_ text: inout TextBuffer) {}
}
