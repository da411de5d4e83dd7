import Runtime

/// The figures of this service (README.md lists them).
final class StreamMetrics {
  let framesReceived: Counter
  let framesRecorded: Counter
  let framesDuplicate: Counter
  let bytesRecorded: Counter
  let posesEstimated: Counter
  let posesEmpty: Counter
  let posesShed: Counter
  let posesFailed: Counter
  let observationsShed: Counter
  let reportsShed: Counter
  let linkMessagesShed: Counter
  let clockSamples: Counter
  let clockSamplesUnbelieved: Counter
  let clockJumps: Counter
  let writeFailures: Counter
  let syncFailures: Counter
  let flushSeconds: Histogram
  let poseSeconds: Histogram
  private let metrics: Metrics
  private var refused: [String: Counter] = [:]

  init(_ metrics: Metrics) {
    self.metrics = metrics
    framesReceived = metrics.counter("axolotl_frames_received_total", "Frames that arrived, duplicates included.")
    framesRecorded = metrics.counter("axolotl_frames_recorded_total", "Frames on disk.")
    framesDuplicate = metrics.counter("axolotl_frames_duplicate_total", "Frames that were on disk already.")
    bytesRecorded = metrics.counter("axolotl_bytes_recorded_total", "Bytes of the frames on disk.")
    posesEstimated = metrics.counter("axolotl_poses_estimated_total", "Frames in which a person was found.")
    posesEmpty = metrics.counter("axolotl_poses_empty_total", "Frames with nobody in view.")
    posesShed = metrics.counter("axolotl_poses_shed_total", "Recorded frames passed over by pose estimation.")
    posesFailed = metrics.counter("axolotl_poses_failed_total", "Frames that pose estimation could not read.")
    observationsShed = metrics.counter(
      "axolotl_observations_shed_total", "Observations that edge-gateway did not take.")
    reportsShed = metrics.counter("axolotl_device_reports_shed_total", "Device reports that session-svc did not take.")
    linkMessagesShed = metrics.counter(
      "axolotl_link_messages_shed_total", "Messages to phones that api-front did not take.")
    clockSamples = metrics.counter("axolotl_clock_samples_total", "Clock exchanges with phones.")
    clockSamplesUnbelieved = metrics.counter(
      "axolotl_clock_samples_unbelieved_total", "Clock exchanges that say of this server what it cannot have said.")
    clockJumps = metrics.counter("axolotl_clock_jumps_total", "Times that a phone's clock stopped or jumped.")
    writeFailures = metrics.counter("axolotl_record_failures_total", "Flushes that the disk refused.")
    syncFailures = metrics.counter(
      "axolotl_record_sync_failures_total", "Attempts to bring a recording's file to the medium that failed.")
    flushSeconds = metrics.histogram(
      "axolotl_record_flush_seconds", "Time to write one camera's waiting frames.",
      buckets: [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3])
    poseSeconds = metrics.histogram(
      "axolotl_pose_seconds", "Time to estimate one frame's pose.",
      buckets: [0.002, 0.004, 0.006, 0.008, 0.012, 0.02, 0.05, 0.1])
  }

  func countRefused(_ code: String) {
    let counter =
      refused[code]
      ?? metrics.counter("axolotl_frames_refused_total", "Frames not taken, by reason.", labels: [("code", code)])
    refused[code] = counter
    counter.increment()
  }
}
