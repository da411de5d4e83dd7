import Runtime

/// What Prometheus sees of edge-gateway.
final class GatewayMetrics {
  let observations: Counter
  let unreadable: Counter
  let ofDeletedSessions: Counter
  let refused: Counter
  let poses: Counter
  let captureToPose: Histogram

  init(_ metrics: Metrics) {
    observations = metrics.counter("axolotl_observations_total", "2D poses that arrived.")
    unreadable = metrics.counter("axolotl_observations_unreadable_total", "2D poses that could not be read.")
    ofDeletedSessions = metrics.counter(
      "axolotl_observations_of_deleted_sessions_total", "2D poses that came after their session was deleted.")
    refused = metrics.counter(
      "axolotl_observations_refused_total", "2D poses of sessions that could not be opened: too many, or a bad disk.")
    poses = metrics.counter("axolotl_poses_total", "3D poses published.")
    captureToPose = metrics.histogram(
      "axolotl_capture_to_pose_seconds", "From the instant of a pose to its publication.",
      buckets: [0.025, 0.05, 0.075, 0.1, 0.125, 0.15, 0.2, 0.3, 0.5, 1])
  }
}
