import CGStreamer
import Glibc
import Testing

@testable import StreamService

/// What happens within webrtcbin once in a thousand peers, done on purpose.
@Suite struct SCTPGuardTests {
  /// C's objects, which may be used from any thread.
  private struct Objects: @unchecked Sendable {
    let pipeline: UnsafeMutablePointer<GstElement>
    let pad: UnsafeMutablePointer<GstPad>
    let gate: OpaquePointer
    let decoder: UnsafeMutablePointer<GstElement>
    let encoder: UnsafeMutablePointer<GstElement>

    /// Done by a thread of its own, because it may never end.
    func stopAndFree() -> WorkerThread {
      WorkerThread("free") {
        axolotl_stop_guarded(pipeline, gate)
        gst_object_unref(pad)
        gst_object_unref(pipeline)
      }
    }

    var decoderState: GstState {
      var state = GST_STATE_VOID_PENDING
      gst_element_get_state(decoder, &state, nil, 0)
      return state
    }
  }

  private struct Sink: @unchecked Sendable {
    let pad: UnsafeMutablePointer<GstPad>
  }

  /// Holds up what passes a pad.
  private final class Hold: Sendable {
    let isThere = Monitor(false)
    let isReleased = Monitor(false)

    static func wait(for flag: Monitor<Bool>) -> Bool { flag.wait(atMost: .seconds(20)) { $0 ? true : nil } ?? false }

    init(at pad: UnsafeMutablePointer<GstPad>, _ type: GstPadProbeType) {
      gst_pad_add_probe(
        pad, type,
        { _, _, data in
          let hold = Unmanaged<Hold>.fromOpaque(data!).takeUnretainedValue()
          hold.isThere.change { $0 = true }
          _ = Hold.wait(for: hold.isReleased)
          return GST_PAD_PROBE_OK
        }, Unmanaged.passRetained(self).toOpaque(), { Unmanaged<Hold>.fromOpaque($0!).release() })
    }
  }

  /// A pipeline with the two elements that webrtcbin has, started as it starts them.
  private static func makePipeline(association: guint, isStarted: gboolean) throws -> Objects {
    let pipeline = try #require(gst_pipeline_new(nil))
    gst_object_ref_sink(pipeline)
    let gate = try #require(axolotl_guard_sctp(pipeline, association))
    let missing: Comment = "gstreamer1.0-plugins-bad is not installed"
    let decoder = try #require(gst_element_factory_make("sctpdec", nil), missing)
    let encoder = try #require(gst_element_factory_make("sctpenc", nil), missing)
    // The association is somebody's as soon as it knows its ports.
    axolotl_set_number(decoder, "local-sctp-port", 5000)
    axolotl_set_number(encoder, "remote-sctp-port", 5000)
    let pad = try #require(gst_element_get_static_pad(encoder, "src"))
    gst_element_set_state(pipeline, GST_STATE_PLAYING)
    for element in [decoder, encoder] {
      axolotl_add_to_bin(pipeline, element)
      let number = axolotl_get_number(element, "sctp-association-id")
      #expect(number == association)
    }
    for element in [decoder, encoder] {
      let outcome = gst_element_sync_state_with_parent(element)
      #expect(outcome == isStarted)
    }
    return Objects(pipeline: pipeline, pad: pad, gate: gate, decoder: decoder, encoder: encoder)
  }

  /// Two peers with one number, which webrtcbin alone would draw now and then: the second one's encoder cannot start.
  @Test func anEncoderThatDidNotStartEndsAllTheSame() throws {
    try GStreamer.start()
    let first = try Self.makePipeline(association: 40_001, isStarted: 1)
    let second = try Self.makePipeline(association: 40_001, isStarted: 0)
    for objects in [second, first] {
      #expect(objects.stopAndFree().waitUntilDone(atMost: .seconds(20)))
    }
  }

  /// What happens when a phone is freed that takes nothing more and has no stream open: a thread waits for room to send.
  @Test func aSendThatCannotGoOnIsEnded() throws {
    try GStreamer.start()
    let (here, there) = (
      try Self.makePipeline(association: 40_004, isStarted: 1), try Self.makePipeline(association: 40_005, isStarted: 1)
    )
    let toThere = try #require(gst_element_get_static_pad(there.decoder, "sink"))
    let toHere = try #require(gst_element_get_static_pad(here.decoder, "sink"))
    defer {
      gst_object_unref(toThere)
      gst_object_unref(toHere)
    }
    #expect(gst_pad_link_full(here.pad, toThere, GST_PAD_LINK_CHECK_NOTHING) == GST_PAD_LINK_OK)
    #expect(gst_pad_link_full(there.pad, toHere, GST_PAD_LINK_CHECK_NOTHING) == GST_PAD_LINK_OK)
    // There is one as soon as the two have shaken hands.
    let stream = try #require(Self.eventually { gst_element_request_pad_simple(here.encoder, "sink_1") })
    defer { gst_object_unref(stream) }
    Self.begin(stream)
    // From now on the other side hears nothing.
    gst_pad_add_probe(toThere, GST_PAD_PROBE_TYPE_BUFFER, { _, _, _ in GST_PAD_PROBE_DROP }, nil, nil)
    let sink = Sink(pad: stream)
    let flow = Monitor(GST_FLOW_OK)
    let sent = Monitor(0)
    let sender = WorkerThread("sender") {
      var outcome = GST_FLOW_OK
      while outcome == GST_FLOW_OK {
        outcome = gst_pad_chain(sink.pad, gst_buffer_new_allocate(nil, 16384, nil))
        sent.change { $0 += 1 }
      }
      flow.change { $0 = outcome }
    }
    let isFull = Self.eventually { () -> Bool? in
      let before = sent.withLock { $0 }
      return sender.waitUntilDone(atMost: .milliseconds(300)) || sent.withLock { $0 } == before ? true : nil
    }
    #expect(isFull == true)
    #expect(here.stopAndFree().waitUntilDone(atMost: .seconds(20)))
    #expect(sender.waitUntilDone(atMost: .seconds(20)))
    let outcome = flow.withLock { $0 }
    #expect(outcome == GST_FLOW_FLUSHING)
    #expect(there.stopAndFree().waitUntilDone(atMost: .seconds(20)))
  }

  /// Asks for ten seconds.
  private static func eventually<Value>(_ value: () -> Value?) -> Value? {
    for _ in 0..<1000 {
      if let value = value() { return value }
      usleep(10_000)
    }
    return nil
  }

  /// What comes before buffers.
  private static func begin(_ pad: UnsafeMutablePointer<GstPad>) {
    gst_pad_send_event(pad, gst_event_new_stream_start("test"))
    var segment = GstSegment()
    gst_segment_init(&segment, GST_FORMAT_BYTES)
    gst_pad_send_event(pad, gst_event_new_segment(&segment))
  }

  /// What happens when a packet arrives while the peer is freed: a decoder that was stopped meanwhile would start a stream's
  /// task all the same, on a pad that is gone.
  @Test func aDecoderIsNotStoppedUnderAPacket() throws {
    try GStreamer.start()
    let objects = try Self.makePipeline(association: 40_003, isStarted: 1)
    let pad = try #require(gst_element_get_static_pad(objects.decoder, "sink"))
    defer { gst_object_unref(pad) }
    let sink = Sink(pad: pad)
    Self.begin(pad)
    let hold = Hold(at: pad, GST_PAD_PROBE_TYPE_BUFFER)
    let packet = WorkerThread("packet") {
      gst_pad_chain(sink.pad, gst_buffer_new_allocate(nil, 64, nil))
    }
    #expect(Hold.wait(for: hold.isThere))
    let free = objects.stopAndFree()
    // Long enough for whoever does not wait.
    #expect(!free.waitUntilDone(atMost: .milliseconds(300)))
    #expect(objects.decoderState == GST_STATE_PLAYING)
    hold.isReleased.change { $0 = true }
    #expect(packet.waitUntilDone(atMost: .seconds(20)))
    #expect(free.waitUntilDone(atMost: .seconds(20)))
  }

  /// What happens when a phone turns away while it is being connected: an event that starts the encoder's task arrives
  /// when the encoder has just stopped.
  @Test func anEventThatComesLateStartsNothing() throws {
    try GStreamer.start()
    let pipeline = try #require(gst_pipeline_new(nil))
    gst_object_ref_sink(pipeline)
    let gate = try #require(axolotl_guard_sctp(pipeline, 40_002))
    let encoder = try #require(gst_element_factory_make("sctpenc", nil), "gstreamer1.0-plugins-bad is not installed")
    let pad = try #require(gst_element_get_static_pad(encoder, "src"))
    // Before the encoder is added, so before the gate: the event has passed all that GStreamer asks, and then waits here.
    let hold = Hold(at: pad, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM)
    axolotl_add_to_bin(pipeline, encoder)
    gst_element_set_state(pipeline, GST_STATE_PLAYING)

    let objects = Objects(pipeline: pipeline, pad: pad, gate: gate, decoder: encoder, encoder: encoder)
    let event = WorkerThread("event") { gst_pad_send_event(objects.pad, gst_event_new_reconfigure()) }
    #expect(Hold.wait(for: hold.isThere))
    let stop = WorkerThread("stop") {
      axolotl_stop_guarded(objects.pipeline, objects.gate)
    }
    #expect(stop.waitUntilDone(atMost: .seconds(20)))
    hold.isReleased.change { $0 = true }
    #expect(event.waitUntilDone(atMost: .seconds(20)))
    let free = WorkerThread("free") {
      gst_object_unref(objects.pad)
      gst_object_unref(objects.pipeline)
    }
    #expect(free.waitUntilDone(atMost: .seconds(20)))
  }
}
