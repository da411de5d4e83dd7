import COpenVINO

/// The one place where OpenVINO's return codes become errors.
func openVINO(_ call: String, _ body: () -> ov_status_e) throws(PoseError) {
  let status = body()
  guard status == ov_status_e(rawValue: 0) else {
    let detail = ov_get_last_err_msg().map { String(cString: $0) } ?? ""
    let firstLines = detail.split(whereSeparator: \.isNewline).prefix(2).joined(separator: " ")
    throw .inferenceFailed(call: call, reason: firstLines.isEmpty ? "status \(status.rawValue)" : firstLines)
  }
}
