import CGStreamer
import Testing

@testable import StreamService

/// What webrtcbin's SCTP encoder does when it is stopped with an event on its way, done on purpose: the event reaches the
/// encoder after it has stopped, and starts its task again. `gst_object_unref` would then wait for ever.
@Suite struct EndTasksTests {
  /// Ours: a class of C's that may go to the thread that frees it.
  private struct Pipeline: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<GstElement>
  }

  @Test func anEncoderThatRunsOnCanBeFreed() throws {
    try GStreamer.start()
    let pipeline = try #require(gst_pipeline_new(nil))
    gst_object_ref_sink(pipeline)
    let encoder = try #require(gst_element_factory_make("sctpenc", nil), "gstreamer1.0-plugins-bad is not installed")
    axolotl_add_to_bin(pipeline, encoder)
    gst_element_set_state(pipeline, GST_STATE_PLAYING)
    gst_element_set_state(pipeline, GST_STATE_NULL)
    let pad = try #require(gst_element_get_static_pad(encoder, "src"))
    let takeEvent = try #require(pad.pointee.eventfunc)
    encoder.withMemoryRebound(to: GstObject.self, capacity: 1) {
      _ = takeEvent(pad, $0, gst_event_new_reconfigure())
    }
    gst_object_unref(pad)

    let left = Pipeline(pointer: pipeline)
    let free = WorkerThread("free") {
      axolotl_end_tasks(left.pointer)
      gst_object_unref(left.pointer)
    }
    #expect(free.waitUntilDone(atMost: .seconds(20)))
  }
}
