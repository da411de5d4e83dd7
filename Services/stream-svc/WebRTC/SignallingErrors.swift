import Messages

extension ServiceError {
  static let tooManyPeers = ServiceError(
    code: "too_many_peers",
    message: "This server has no room for another WebRTC connection. Use ws_url of the registration.", status: 503)
  static let noPeer = ServiceError.notFound(
    "no_peer", "There is no WebRTC connection of this device under way. Send an offer first.")
  static let peerReplaced = ServiceError.conflict(
    "replaced_by_new_connection", "This phone connected again; this connection ends.")
  static let peerSilent = ServiceError(
    code: "peer_silent", message: "Nothing was heard of this phone for a while. Connect again.", status: 503)
  static let peerNotConnected = ServiceError(
    code: "peer_not_connected",
    message: "No way to the phone was found in time. A firewall may be in the way: see UDP ports in Deploy/README.md.",
    status: 503)

  static func peer(_ failure: PeerFailure) -> ServiceError {
    switch failure {
    case .unavailable:
      ServiceError(
        code: "webrtc_not_available",
        message: "WebRTC does not work on this server; its log says why. Use ws_url of the registration.", status: 501)
    case .refused:
      .invalid("offer_refused", "The offer could not be answered. Make a new RTCPeerConnection and offer again.")
    case .failed:
      ServiceError(
        code: "peer_failed", message: "The WebRTC connection broke. Offer again, or use the WebSocket.", status: 503)
    case .overloaded:
      ServiceError(
        code: "peer_overloaded", message: "The phone sends or owes more than the server holds. Connect again.",
        status: 503)
    }
  }

  static func offer(_ refusal: OfferDescription.Refusal) -> ServiceError {
    switch refusal {
    case .tooLarge(let limit):
      ServiceError(code: "offer_too_large", message: "The offer's sdp may have \(limit) bytes.", status: 413)
    case .malformed(let line):
      .invalid("offer_malformed", "The offer's sdp has a line that cannot be read: \(line)")
    case .missing(let what): .invalid("offer_malformed", "The offer's sdp lacks \(what).")
    case .noDataChannel:
      .invalid(
        "offer_without_datachannel",
        "The offer must have one data channel section. Call createDataChannel before createOffer.")
    case .mediaOffered:
      .invalid("offer_with_media", "The offer has audio or video. Frames go over a DataChannel: add no tracks.")
    }
  }
}
