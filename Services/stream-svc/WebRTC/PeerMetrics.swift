import Runtime

/// Figures of the WebRTC connections.
final class PeerMetrics {
  let offers: Counter
  let restarts: Counter
  let refused: Counter
  let framesShed: Counter
  let framesGivenUp: Counter

  init(_ metrics: Metrics) {
    offers = metrics.counter("axolotl_webrtc_offers_total", "Offers that made a new connection.")
    restarts = metrics.counter("axolotl_webrtc_restarts_total", "ICE restarts of phones whose network changed.")
    refused = metrics.counter("axolotl_webrtc_messages_refused_total", "Messages on DataChannels that were no good.")
    framesShed = metrics.counter(
      "axolotl_webrtc_frames_shed_total", "Frames or fragments that came faster than they could be taken.")
    framesGivenUp = metrics.counter(
      "axolotl_webrtc_frames_incomplete_total", "Frames of which some fragments never came.")
  }
}
