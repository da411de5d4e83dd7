import Messages

/// One JSON object with all poses, a line each. Metres in the calibration's own world; a joint that was not found has
/// `xyz_m: null` and 0 views. Instants without a pose are left out: each pose says its `frame`, which is that of CSV and TRC.
public struct PoseJSONWriter: PoseWriter {
  private let take: TakeDescription
  private var isFirst = true

  public init(_ take: TakeDescription) { self.take = take }

  public mutating func begin(_ text: inout TextBuffer) {
    // A session's name is letters, digits, '-', '_' and '.': nothing that JSON would have to escape.
    text.append("{\"version\":1,\"session_id\":\"\(take.session.text)\",\"units\":\"m\"")
    text.append(",\"times\":\"\(take.times.rawValue)\"")
    text.append(",\"world_up\":\"\(take.worldUp.rawValue)\",\"rate_hz\":")
    text.append(take.ratePerSecond, decimals: 2)
    text.append(",\"start_session_time_us\":\(take.start.microseconds),\"start_utc\":")
    text.append(take.anchor.map { "\"\($0.rfc3339(at: take.start))\"" } ?? "null")
    text.append(",\"poses\":[")
  }

  public mutating func write(_ row: ExportRow, _ text: inout TextBuffer) {
    guard let pose = row.pose else { return }
    text.append(isFirst ? "\n" : ",\n")
    isFirst = false
    text.append("{\"frame\":\(row.frame),\"time_s\":")
    text.append(take.seconds(pose.time), decimals: 6)
    text.append(",\"session_time_us\":\(pose.time.microseconds)")
    text.append(",\"clock_error_bound_us\":\(pose.clockErrorBoundMicroseconds),\"cameras\":\(pose.cameras)")
    text.append(",\"joints\":[")
    for (index, landmark) in PoseLandmark.allCases.enumerated() {
      if index > 0 { text.append(",") }
      write(pose.joints[index], landmark.name, &text)
    }
    text.append("]}")
  }

  private func write(_ joint: Pose3D.Joint, _ name: String, _ text: inout TextBuffer) {
    text.append("{\"name\":\"\(name)\",\"xyz_m\":")
    guard joint.views > 0 else {
      return text.append("null,\"confidence\":0,\"reprojection_px\":null,\"views\":0}")
    }
    text.append("[")
    text.append(Double(joint.x), decimals: 6)
    text.append(",")
    text.append(Double(joint.y), decimals: 6)
    text.append(",")
    text.append(Double(joint.z), decimals: 6)
    text.append("],\"confidence\":")
    text.append(Double(joint.confidence), decimals: 3)
    text.append(",\"reprojection_px\":")
    text.append(Double(joint.reprojectionErrorPx), decimals: 3)
    text.append(",\"views\":\(joint.views)}")
  }

  public mutating func end(_ text: inout TextBuffer) { text.append("\n]}\n") }
}
