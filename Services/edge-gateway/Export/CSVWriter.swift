import Messages

/// A row for each instant of the take's rate: frame, seconds since the first pose, SessionTime, UTC, then six columns for each
/// of the 33 joints. `docs/data.md` describes them.
///
/// Coordinates are metres in the calibration's own world. Joints that were not found have empty coordinates and 0 views; so have all
/// joints of an instant without a pose.
public struct CSVWriter: PoseWriter {
  private let take: TakeDescription

  public init(_ take: TakeDescription) { self.take = take }

  public mutating func begin(_ text: inout TextBuffer) {
    text.append("frame,time_s,session_time_us,utc_us,clock_error_bound_us,cameras")
    for name in PoseLandmark.allCases.map(\.name) {
      for column in ["x_m", "y_m", "z_m", "confidence", "reprojection_px", "views"] {
        text.append(",\(name)_\(column)")
      }
    }
    text.append("\n")
  }

  public mutating func write(_ row: ExportRow, _ text: inout TextBuffer) {
    text.append(row.frame)
    text.append(",")
    text.append(take.seconds(row.time), decimals: 6)
    text.append(",\(row.time.microseconds),")
    if let anchor = take.anchor { text.append(anchor.utcMicroseconds(at: row.time)) }
    text.append(",")
    guard let pose = row.pose else { return text.append(Self.withoutPose) }
    text.append("\(pose.clockErrorBoundMicroseconds),\(pose.cameras)")
    for joint in pose.joints {
      let isFound = joint.views > 0
      for value in [joint.x, joint.y, joint.z] {
        text.append(",")
        if isFound { text.append(Double(value), decimals: 6) }
      }
      for value in [joint.confidence, joint.reprojectionErrorPx] {
        text.append(",")
        if isFound { text.append(Double(value), decimals: 3) }
      }
      text.append(",\(joint.views)")
    }
    text.append("\n")
  }

  /// The rest of a row without a pose: no bound, no camera, no joint.
  private static let withoutPose = ",0" + String(repeating: ",,,,,,0", count: PoseLandmark.count) + "\n"

  public mutating func end(_ text: inout TextBuffer) {}
}
