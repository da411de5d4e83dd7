import CGStreamer
import Testing

@testable import StreamService

/// What happens within webrtcbin when a phone turns away while it is being connected, done on purpose: an event that starts
/// the SCTP encoder's task arrives when the encoder has just stopped.
@Suite struct EncoderGateTests {
  /// C's objects, which may be used from any thread.
  private struct Objects: @unchecked Sendable {
    let pipeline: UnsafeMutablePointer<GstElement>
    let pad: UnsafeMutablePointer<GstPad>
    let gate: OpaquePointer
  }

  /// Holds up events on their way.
  private final class Hold: Sendable {
    let isThere = Monitor(false)
    let isReleased = Monitor(false)

    static func wait(for flag: Monitor<Bool>) -> Bool { flag.wait(atMost: .seconds(20)) { $0 ? true : nil } ?? false }
  }

  @Test func anEventThatComesLateStartsNothing() throws {
    try GStreamer.start()
    let pipeline = try #require(gst_pipeline_new(nil))
    gst_object_ref_sink(pipeline)
    let gate = try #require(axolotl_guard_encoders(pipeline))
    let encoder = try #require(gst_element_factory_make("sctpenc", nil), "gstreamer1.0-plugins-bad is not installed")
    let pad = try #require(gst_element_get_static_pad(encoder, "src"))
    let hold = Hold()
    // Before the encoder is added, so before the gate: the event has passed all that GStreamer asks, and then waits here.
    gst_pad_add_probe(
      pad, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM,
      { _, _, data in
        let hold = Unmanaged<Hold>.fromOpaque(data!).takeUnretainedValue()
        hold.isThere.change { $0 = true }
        _ = Hold.wait(for: hold.isReleased)
        return GST_PAD_PROBE_OK
      }, Unmanaged.passRetained(hold).toOpaque(), { Unmanaged<Hold>.fromOpaque($0!).release() })
    axolotl_add_to_bin(pipeline, encoder)
    gst_element_set_state(pipeline, GST_STATE_PLAYING)

    let objects = Objects(pipeline: pipeline, pad: pad, gate: gate)
    let event = WorkerThread("event") { gst_pad_send_event(objects.pad, gst_event_new_reconfigure()) }
    #expect(Hold.wait(for: hold.isThere))
    let stop = WorkerThread("stop") {
      axolotl_close_gate(objects.gate)
      gst_element_set_state(objects.pipeline, GST_STATE_NULL)
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
