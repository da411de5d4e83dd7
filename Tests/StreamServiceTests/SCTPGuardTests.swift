import CGStreamer
import Testing

@testable import StreamService

/// What happens within webrtcbin once in a thousand peers, done on purpose.
@Suite struct SCTPGuardTests {
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
    return Objects(pipeline: pipeline, pad: pad, gate: gate)
  }

  /// Two peers with one number, which webrtcbin alone would draw now and then: the second one's encoder cannot start.
  @Test func anEncoderThatDidNotStartEndsAllTheSame() throws {
    try GStreamer.start()
    let first = try Self.makePipeline(association: 40_001, isStarted: 1)
    let second = try Self.makePipeline(association: 40_001, isStarted: 0)
    for objects in [second, first] {
      let free = WorkerThread("free") {
        axolotl_stop_guarded(objects.pipeline, objects.gate)
        gst_object_unref(objects.pad)
        gst_object_unref(objects.pipeline)
      }
      #expect(free.waitUntilDone(atMost: .seconds(20)))
    }
  }

  /// What happens when a phone turns away while it is being connected: an event that starts the encoder's task arrives
  /// when the encoder has just stopped.
  @Test func anEventThatComesLateStartsNothing() throws {
    try GStreamer.start()
    let pipeline = try #require(gst_pipeline_new(nil))
    gst_object_ref_sink(pipeline)
    let gate = try #require(axolotl_guard_sctp(pipeline, 1))
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
