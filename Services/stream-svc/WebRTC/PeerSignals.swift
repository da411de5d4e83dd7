import CGStreamer

/// What webrtcbin says, put into `PeerVoice`'s words. The handlers run on webrtcbin's threads.
enum PeerSignals {
  static func connect(
    _ webrtc: UnsafeMutablePointer<GstElement>, _ pipeline: UnsafeMutablePointer<GstElement>, _ voice: PeerVoice
  ) {
    connect(webrtc, "on-ice-candidate", voice, unsafeBitCast(onCandidate, to: GCallback.self))
    connect(webrtc, "notify::ice-gathering-state", voice, unsafeBitCast(onGathering, to: GCallback.self))
    connect(webrtc, "notify::connection-state", voice, unsafeBitCast(onConnection, to: GCallback.self))
    connect(webrtc, "on-data-channel", voice, unsafeBitCast(onChannel, to: GCallback.self))
    // Nobody reads the bus: errors are taken where they are posted, all else is dropped.
    let bus = gst_element_get_bus(pipeline)
    gst_bus_set_sync_handler(
      bus,
      { _, message, data in
        defer { gst_message_unref(message) }
        guard let message, let data, message.pointee.type == GST_MESSAGE_ERROR else { return GST_BUS_DROP }
        var error: UnsafeMutablePointer<GError>?
        gst_message_parse_error(message, &error, nil)
        defer { g_clear_error(&error) }
        let text = error.map { String(cString: $0.pointee.message) } ?? "an error of GStreamer's"
        Unmanaged<PeerVoice>.fromOpaque(data).takeUnretainedValue().fail(.failed(text))
        return GST_BUS_DROP
      }, Unmanaged.passRetained(voice).toOpaque(), { Unmanaged<PeerVoice>.fromOpaque($0!).release() })
    gst_object_unref(bus)
  }

  private static func connect(
    _ object: UnsafeMutableRawPointer, _ signal: String, _ listener: AnyObject, _ handler: @escaping GCallback
  ) {
    _ = axolotl_connect(object, signal, handler, Unmanaged.passRetained(listener).toOpaque()) { data, _ in
      Unmanaged<AnyObject>.fromOpaque(data!).release()
    }
  }

  private static func voice(_ data: gpointer?) -> PeerVoice {
    Unmanaged<PeerVoice>.fromOpaque(data!).takeUnretainedValue()
  }

  private static let onCandidate: @convention(c) (gpointer?, guint, UnsafePointer<gchar>?, gpointer?) -> Void = {
    _, _, candidate, data in
    guard let candidate else { return }
    voice(data).tell(.candidate(String(cString: candidate)))
  }

  private static let onGathering: @convention(c) (gpointer?, gpointer?, gpointer?) -> Void = { webrtc, _, data in
    let state = axolotl_get_enumeration(webrtc, "ice-gathering-state")
    if state == Int32(GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE.rawValue) { voice(data).tell(.gathered) }
  }

  private static let onConnection: @convention(c) (gpointer?, gpointer?, gpointer?) -> Void = { webrtc, _, data in
    let state = axolotl_get_enumeration(webrtc, "connection-state")
    if state == Int32(GST_WEBRTC_PEER_CONNECTION_STATE_FAILED.rawValue) {
      voice(data).fail(.failed("no way to the phone was found, or it was lost"))
    }
  }

  // MARK: Channels

  /// What a channel's signals are told apart by.
  private final class ChannelVoice {
    let voice: PeerVoice
    let channel: PeerChannel
    init(_ voice: PeerVoice, _ channel: PeerChannel) {
      self.voice = voice
      self.channel = channel
    }
    static func from(_ data: gpointer?) -> ChannelVoice {
      Unmanaged<ChannelVoice>.fromOpaque(data!).takeUnretainedValue()
    }
  }

  private static let onChannel: @convention(c) (gpointer?, gpointer?, gpointer?) -> Void = { _, channel, data in
    guard let channel, let label = axolotl_get_text(channel, "label") else { return }
    defer { g_free(label) }
    let kind = PeerChannel(rawValue: String(cString: label))
    let peer = voice(data)
    g_object_ref(channel)
    guard peer.keep(PeerVoice.ChannelHandle(pointer: OpaquePointer(channel)), as: kind), let kind else { return }
    let listener = ChannelVoice(peer, kind)
    connect(channel, "on-message-data", listener, unsafeBitCast(onData, to: GCallback.self))
    connect(channel, "on-message-string", listener, unsafeBitCast(onText, to: GCallback.self))
    connect(channel, "on-close", listener, unsafeBitCast(onClose, to: GCallback.self))
    peer.tell(.opened(kind))
  }

  private static let onData: @convention(c) (gpointer?, OpaquePointer?, gpointer?) -> Void = { _, bytes, data in
    let listener = ChannelVoice.from(data)
    listener.voice.receive(ReceivedBytes(bytes), on: listener.channel, isText: false)
  }

  private static let onText: @convention(c) (gpointer?, UnsafePointer<gchar>?, gpointer?) -> Void = { _, text, data in
    let listener = ChannelVoice.from(data)
    let bytes = UnsafeRawBufferPointer(start: text, count: text.map { strlen($0) } ?? 0)
    listener.voice.receive(ReceivedBytes(copying: bytes), on: listener.channel, isText: true)
  }

  private static let onClose: @convention(c) (gpointer?, gpointer?) -> Void = { _, data in
    let listener = ChannelVoice.from(data)
    listener.voice.tell(.closed(listener.channel))
  }
}
