import Messages

/// OpenSim's marker file, laid out as Pose2Sim 0.10.49 writes it.
///
/// Metres; frames are counted from 1, time from the first pose. OpenSim's axes: y is up. A world whose z is up is turned
/// as Pose2Sim does, (x, y, z) → (y, z, x); one whose y is up stays. Joints that were not found are empty fields, and so are all
/// of an instant without a pose, which has its row, because the header promises a steady rate.
///
/// A row never ends in an empty field: when the last joint is missing its Z is `NaN`. OpenSim's tokenizer (`TRCFileAdapter`)
/// drops an empty field at a line's end and then refuses the whole file (`RowLengthMismatch`), and readers that strip lines lose
/// it. A tab at the end of each row, as OpenSim writes it, would suit OpenSim, but gives Pose2Sim's conversion to C3D
/// (`numpy.genfromtxt`, then `reshape(-1, 3)`) a column too many. To all of them, and to BTK (Mokka), a marker of which any
/// coordinate is missing is missing.
public struct TRCWriter: PoseWriter {
  private let take: TakeDescription

  public init(_ take: TakeDescription) { self.take = take }

  public mutating func begin(_ text: inout TextBuffer) {
    let names = PoseLandmark.allCases.map(\.name)
    text.append("PathFileType\t4\t(X/Y/Z)\t\(ExportFormat.trc.fileName(of: take.session, times: take.times))\n")
    text.append(
      "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n")
    for _ in 0..<2 {
      text.append(take.ratePerSecond, decimals: 2)
      text.append("\t")
    }
    text.append("\(take.rows)\t\(names.count)\tm\t")
    text.append(take.ratePerSecond, decimals: 2)
    text.append("\t1\t\(take.rows)\n")
    text.append("Frame#\tTime\t" + names.joined(separator: "\t\t\t") + "\t\t\t\n\t\t")
    text.append((1...names.count).map { "X\($0)\tY\($0)\tZ\($0)" }.joined(separator: "\t") + "\t\n")
  }

  public mutating func write(_ row: ExportRow, _ text: inout TextBuffer) {
    text.append(row.frame)
    text.append("\t")
    text.append(take.seconds(row.time), decimals: 6)
    guard let pose = row.pose else { return text.append(Self.withoutPose) }
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
    text.append((pose.joints.last?.views ?? 0) > 0 ? "\n" : Self.endWithoutLast)
  }

  /// The rest of a row without a pose.
  private static let withoutPose = String(repeating: "\t", count: PoseLandmark.count * 3) + endWithoutLast
  private static let endWithoutLast = "NaN\n"

  public mutating func end(_ text: inout TextBuffer) {}
}
