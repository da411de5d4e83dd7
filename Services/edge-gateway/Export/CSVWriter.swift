import Messages

/// One row a pose: seconds since the first pose, SessionTime, then six columns for each of the 33 joints.
///
/// Coordinates are metres in the calibration's own world. Joints that were not found have empty coordinates and 0 views.
public struct CSVWriter: PoseWriter {
  private let take: TakeDescription

  public init(_ take: TakeDescription) { self.take = take }

  public mutating func begin(_ text: inout TextBuffer) {
    text.append("time_s,session_time_us,clock_error_bound_us,cameras")
    for name in PoseLandmark.allCases.map(\.name) {
      for column in ["x_m", "y_m", "z_m", "confidence", "reprojection_px", "views"] {
        text.append(",\(name)_\(column)")
      }
    }
    text.append("\n")
  }

  public mutating func write(_ pose: Pose3D, _ text: inout TextBuffer) {
    text.append(take.seconds(pose.time), decimals: 6)
    text.append(",\(pose.time.microseconds),\(pose.clockErrorBoundMicroseconds),\(pose.cameras)")
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

  public mutating func end(_ text: inout TextBuffer) {}
}
