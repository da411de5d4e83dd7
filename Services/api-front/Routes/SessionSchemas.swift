import Messages
import Timing

// What `/api/sessions/…` and the status answer, for the description of the API.

extension SessionRoutes.Listed {
  static let schema = Schema.object([
    "session_id": .identifier, "mode": .choice(SessionMode.self), "state": .choice(SessionState.self),
    "expected_devices": .integer(1...4), "registered_devices": .integer(0...4), "consent": .boolean,
    "created_at": .instant,
  ])
}

extension StatusDocument {
  static let schema = Schema.object(
    [
      "type": .constant("status"), "session_id": .identifier, "mode": .choice(SessionMode.self),
      "state": .choice(SessionState.self), "expected_devices": .integer(1...4), "registered_devices": .integer(0...4),
      "maximum_devices": .integer(1...4), "consent": .boolean,
      "devices": .array(of: .oneOf([Device.schema, Bystander.schema])),
    ],
    optional: [
      "consent_record": ConsentDocument.schema.described("Not for phones"),
      "reconstruction": ReconstructionStatistics.Reply.schema,
    ])
}

extension StatusDocument.Bystander {
  static let schema = Schema.object(
    ["device_id": .identifier, "state": .choice(DeviceState.self)], optional: ["transport": .choice(Transport.self)]
  ).described("Another phone, as a phone sees it")
}

extension StatusDocument.Device {
  static let schema = Schema.object(
    [
      "device_id": .identifier, "metadata": DeviceMetadata.schema.described("As the phone registered"),
      "state": .choice(DeviceState.self), "instance": .integer(1...64), "fps": .number,
      "frames_received": .count, "frames_recorded": .count, "frames_lost": .count, "frames_duplicate": .count,
      "frames_refused": .count, "poses_estimated": .count, "poses_shed": .count, "poses_failed": .count,
      "poses_waiting": .count, "bytes_recorded": .count, "last_sequence": .count,
    ],
    optional: [
      "label": .plainText(maxBytes: 200),
      "cause": Schema.choice(DeviceStateCause.self).described("Why it is in its state"),
      "reason": Schema.text.described("The cause in words, with its figures"),
      "transport": .choice(Transport.self), "sync": SyncStatus.schema,
      "capture": CaptureStatus.schema, "recording": RecordingStatus.schema, "last_seen_ms": .count,
    ])
}

extension SyncStatus {
  static let schema = Schema.object(
    [
      "offset_ms": Schema.number.described("SessionTime − DeviceTime"), "error_bound_ms": .number,
      "drift_ppm": .number, "quality": .choice(Quality.self),
    ], optional: ["cause": Schema.choice(ClockCause.self).described("Why the quality is not good")])
}

extension CaptureStatus {
  static let schema = Schema.object([
    "source": Schema.choice(PhoneCondition.CaptureSource.self).described("Where capture instants come from"),
    "latency_us": Schema.integer(0...Int(CameraLatencies.maximumMicroseconds)).described(
      "Taken off for the camera's model"),
  ])
}

extension RecordingStatus {
  static let schema = Schema.object(
    [:],
    optional: [
      "room_bytes": Schema.count.described("What recordings may still take: free on their disk less the reserve"),
      "problem": Schema.text.described("Why recording stands still, by its code: disk_full, recording_failed"),
    ])
}

extension ReconstructionStatistics.TimeShift {
  static let schema = Schema.object([
    "device_id": .identifier,
    "shift_ms": Schema.number.described("Claimed time − true time, from the motion; the mean of all cameras is 0"),
    "standard_error_ms": .number, "clock_error_bound_ms": .number,
    "contradicts_clock": Schema.boolean.described("They disagree by more than both allow for"),
  ])
}

extension ReconstructionStatistics.Reply {
  static let schema = Schema.object(
    [
      "calibrated": .boolean, "observations": .count, "aligned_sets": .count, "poses": .count,
      "joints_per_pose": .number, "time_shifts": .array(of: ReconstructionStatistics.TimeShift.schema),
      "dropped": .map(of: .count),
    ],
    optional: [
      "reprojection_px_median": .number, "reprojection_calibration_px_median": .number,
      "capture_to_pose_ms_p50": .number, "capture_to_pose_ms_p95": .number,
    ])
}

extension DeletionReceipt {
  static let schema = Schema.object([
    "session_id": .identifier, "devices": .count, "tokens": .count, "recording_files": .count,
    "recording_bytes": .count, "pose_files": .count, "pending": .array(of: .text),
  ])
}

extension RecordingFile {
  static let schema = Schema.object(
    [
      "device_id": .identifier, "path": .text, "index_path": .text, "frames": .count, "bytes": .count,
      "first_sequence": .count, "last_sequence": .count,
    ], optional: ["times_path": Schema.text.described("The times as corrected afterwards, once they are")])
}
