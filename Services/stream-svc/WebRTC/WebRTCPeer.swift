import CGStreamer
import Glibc
import Runtime

/// One phone's RTCPeerConnection, this side of it: owns a pipeline with one webrtcbin in it.
///
/// Everything but `send`, `isSpeaking` and `hangUp` is called on the peers' threads alone (`PeerThread`), `close` last, because
/// webrtcbin may block for a while. `@unchecked Sendable` holds because of that, and because those three touch only what
/// `PeerVoice` guards.
final class WebRTCPeer: @unchecked Sendable {
  struct Configuration: Sendable, Equatable {
    /// Local UDP ports, for firewalls; nil lets the system choose.
    var ports: ClosedRange<UInt16>?
    /// host:port, asked for this machine's public address; nil: nobody is.
    var stunServer: String?
  }

  let voice: PeerVoice
  private let pipeline: UnsafeMutablePointer<GstElement>
  private let webrtc: UnsafeMutablePointer<GstElement>
  /// Keeps SCTP's elements from what would never end.
  private let gate: OpaquePointer
  private let association: UInt16
  private var isClosed = false

  private static let associations = Monitor(AssociationNumbers())

  /// libnice's number of the one stream that a peer with one media section has.
  private static let streamNumber: guint = 1
  private static let receiveBufferBytes: gint = 2 * 1024 * 1024
  private static let promisePatience = Duration.seconds(3)
  /// What may wait to be sent to a phone: thousands of acknowledgements.
  private static let maximumBufferedBytes: UInt64 = 256 * 1024

  init(_ configuration: Configuration, voice: PeerVoice) throws(PeerFailure) {
    try GStreamer.start()
    guard let association = Self.associations.withLock({ $0.take() }) else { throw .overloaded }
    guard let webrtc = gst_element_factory_make("webrtcbin", nil), let pipeline = gst_pipeline_new(nil) else {
      Self.associations.withLock { $0.giveBack(association) }
      throw .unavailable("webrtcbin cannot be made: are gstreamer1.0-plugins-bad and gstreamer1.0-nice installed?")
    }
    self.voice = voice
    self.association = association
    self.pipeline = pipeline
    self.webrtc = webrtc
    gst_object_ref_sink(pipeline)
    gate = axolotl_guard_sctp(pipeline, guint(association))
    axolotl_add_to_bin(pipeline, webrtc)
    configure(configuration)
    PeerSignals.connect(webrtc, pipeline, voice)
    guard gst_element_set_state(pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE else {
      close()
      throw .unavailable("webrtcbin does not start.")
    }
  }

  deinit { close() }

  private func configure(_ configuration: Configuration) {
    axolotl_set_number(webrtc, "bundle-policy", GST_WEBRTC_BUNDLE_POLICY_MAX_BUNDLE.rawValue)
    guard let ice = axolotl_get_object(webrtc, "ice-agent") else { return }
    defer { g_object_unref(ice) }
    // Phones reach a server over UDP or not at all; over TCP they have the WebSocket.
    axolotl_set_flag(ice, "ice-tcp", 0)
    // libnice would look for the network's router, open a port of it to the internet, and believe whoever answers.
    withAgent { axolotl_set_flag(UnsafeMutableRawPointer($0), "upnp", 0) }
    if let ports = configuration.ports {
      axolotl_set_number(ice, "max-rtp-port", guint(ports.upperBound))
      axolotl_set_number(ice, "min-rtp-port", guint(ports.lowerBound))
    }
    if let server = configuration.stunServer { axolotl_set_text(webrtc, "stun-server", "stun://\(server)") }
  }

  // MARK: Negotiation

  /// Takes the phone's offer and returns the answer, without candidates: those are told by the voice.
  func answer(_ offer: OfferDescription) throws(PeerFailure) -> String {
    let remote = try Self.description(offer.sdp, GST_WEBRTC_SDP_TYPE_OFFER)
    defer { gst_webrtc_session_description_free(remote) }
    try settle { axolotl_set_description(webrtc, "set-remote-description", remote, $0) }
    var made: UnsafeMutablePointer<GstWebRTCSessionDescription>?
    try settle({ axolotl_create_answer(webrtc, $0) }, then: { made = axolotl_answer_of($0) })
    guard let made else { throw .refused("no answer was made") }
    defer { gst_webrtc_session_description_free(made) }
    try settle { axolotl_set_description(webrtc, "set-local-description", made, $0) }
    // The sockets are there as soon as candidates are gathered.
    withAgent(widenReceiveBuffers)
    guard let text = gst_sdp_message_as_text(made.pointee.sdp) else { throw .refused("the answer has no text") }
    defer { g_free(text) }
    return String(cString: text)
  }

  func add(_ candidate: IceCandidate) {
    guard !isClosed else { return }
    axolotl_add_candidate(webrtc, 0, candidate.text)
  }

  /// ICE restart (RFC 8445, section 9): new credentials on both sides and the phone's new candidates, on the sockets
  /// there are. DTLS and the channels go on.
  ///
  /// webrtcbin 1.22 cannot do it, so its ICE agent is asked directly.
  func restart(_ offer: OfferDescription) -> IceCredentials? {
    guard !isClosed else { return nil }
    return withAgent { restart($0, offer) } ?? nil
  }

  private func restart(_ agent: OpaquePointer, _ offer: OfferDescription) -> IceCredentials? {
    var ufrag: UnsafeMutablePointer<gchar>?
    var password: UnsafeMutablePointer<gchar>?
    guard nice_agent_restart_stream(agent, Self.streamNumber) != 0,
      nice_agent_set_remote_credentials(agent, Self.streamNumber, offer.ufrag, offer.password) != 0,
      nice_agent_get_local_credentials(agent, Self.streamNumber, &ufrag, &password) != 0, let ufrag, let password
    else { return nil }
    defer {
      g_free(ufrag)
      g_free(password)
    }
    for candidate in offer.candidates { add(agent, candidate) }
    if offer.hasAllCandidates { nice_agent_peer_candidate_gathering_done(agent, Self.streamNumber) }
    return IceCredentials(ufrag: String(cString: ufrag), password: String(cString: password))
  }

  /// libnice's agent, for what webrtcbin has no property for.
  private func withAgent<Result>(_ body: (OpaquePointer) -> Result) -> Result? {
    guard let ice = axolotl_get_object(webrtc, "ice-agent") else { return nil }
    defer { g_object_unref(ice) }
    guard let agent = axolotl_get_object(ice, "agent") else { return nil }
    defer { g_object_unref(agent) }
    return body(OpaquePointer(agent))
  }

  /// Makes room for what arrives while this process is not scheduled: packets that find none are lost with their frames.
  ///
  /// Linux grants at most `net.core.rmem_max`, and Debian's 208 kB hold a tenth of a second of one phone.
  private func widenReceiveBuffers(_ agent: OpaquePointer) {
    guard let sockets = nice_agent_get_sockets(agent, Self.streamNumber, 1) else { return }
    defer { g_ptr_array_unref(sockets) }
    for index in 0..<Int(sockets.pointee.len) {
      guard let socket = sockets.pointee.pdata[index] else { continue }
      g_socket_set_option(
        socket.assumingMemoryBound(to: GSocket.self), SOL_SOCKET, SO_RCVBUF, Self.receiveBufferBytes, nil)
    }
  }

  private func add(_ agent: OpaquePointer, _ candidate: String) {
    // libnice wants the whole line of the description.
    let parsed = nice_agent_parse_remote_candidate_sdp(agent, Self.streamNumber, "a=\(candidate)")
    guard let parsed else { return }
    let list = g_slist_append(nil, parsed)
    nice_agent_set_remote_candidates(agent, Self.streamNumber, 1, list)
    g_slist_free(list)
    nice_candidate_free(parsed)
  }

  private static func description(
    _ text: String, _ type: GstWebRTCSDPType
  ) throws(PeerFailure) -> UnsafeMutablePointer<GstWebRTCSessionDescription> {
    var message: UnsafeMutablePointer<GstSDPMessage>?
    guard gst_sdp_message_new_from_text(text, &message) == GST_SDP_OK,
      let description = gst_webrtc_session_description_new(type, message)
    else { throw .refused("the description cannot be read") }
    return description
  }

  /// Asks webrtcbin, waits for its promise, and reads it.
  private func settle(
    _ ask: (UnsafeMutablePointer<GstPromise>) -> Void, then read: (UnsafeMutablePointer<GstPromise>) -> Void = { _ in }
  ) throws(PeerFailure) {
    let isSettled = Monitor(false)
    let promise = gst_promise_new_with_change_func(
      { _, data in Unmanaged<Monitor<Bool>>.fromOpaque(data!).takeUnretainedValue().change { $0 = true } },
      Unmanaged.passRetained(isSettled).toOpaque(), { Unmanaged<Monitor<Bool>>.fromOpaque($0!).release() })
    guard let promise else { throw .failed("no memory for a promise") }
    defer { gst_promise_unref(promise) }
    ask(promise)
    guard isSettled.wait(atMost: Self.promisePatience, for: { $0 ? true : nil }) == true else {
      gst_promise_interrupt(promise)
      throw .failed("webrtcbin did not answer in time")
    }
    if let error = axolotl_error_of(promise) {
      defer { g_free(error) }
      throw .refused(String(cString: error))
    }
    read(promise)
  }

  // MARK: Messages

  enum Sent { case taken, noChannel, overflow }

  /// Sends text on the control channel. Any thread.
  func send(_ text: [UInt8]) -> Sent {
    let sent = voice.withChannel(.control) { channel -> Sent in
      let object = UnsafeMutableRawPointer(channel)
      guard axolotl_get_unsigned64(object, "buffered-amount") < Self.maximumBufferedBytes else { return .overflow }
      return (text + [0]).withUnsafeBytes {
        gst_webrtc_data_channel_send_string_full(channel, $0.baseAddress!.assumingMemoryBound(to: gchar.self), nil) != 0
      } ? .taken : .noChannel
    }
    return sent ?? .noChannel
  }

  /// Whether text waits for the control channel's own thread to take it to the association. Any thread.
  var isSpeaking: Bool {
    voice.withChannel(.control) { axolotl_get_unsigned64(UnsafeMutableRawPointer($0), "buffered-amount") > 0 } ?? false
  }

  // MARK: The end

  /// Closes the channel for frames, by which the phone learns of the end at once. Not the other as well: of two that
  /// close at a time, phones were seen to hear of neither. Any thread.
  func hangUp() {
    voice.withChannel(.frames) { gst_webrtc_data_channel_close($0) }
  }

  /// Ends the connection and frees everything; blocks until webrtcbin's threads have ended.
  func close() {
    guard !isClosed else { return }
    isClosed = true
    voice.silence()
    axolotl_stop_guarded(pipeline, gate)
    voice.letGo()
    gst_object_unref(pipeline)
    Self.associations.withLock { $0.giveBack(association) }
  }
}
