#define _GNU_SOURCE
#include "caxolotl_gstreamer.h"

#include <dlfcn.h>

void axolotl_set_flag(gpointer object, const char *property, gboolean value) {
  g_object_set(object, property, value, NULL);
}

void axolotl_set_number(gpointer object, const char *property, guint value) {
  g_object_set(object, property, value, NULL);
}

void axolotl_set_text(gpointer object, const char *property, const char *value) {
  g_object_set(object, property, value, NULL);
}

gint axolotl_get_enumeration(gpointer object, const char *property) {
  gint value = 0;
  g_object_get(object, property, &value, NULL);
  return value;
}

guint axolotl_get_number(gpointer object, const char *property) {
  guint value = 0;
  g_object_get(object, property, &value, NULL);
  return value;
}

guint64 axolotl_get_unsigned64(gpointer object, const char *property) {
  guint64 value = 0;
  g_object_get(object, property, &value, NULL);
  return value;
}
gchar *axolotl_get_text(gpointer object, const char *property) {
  gchar *value = NULL;
  g_object_get(object, property, &value, NULL);
  return value;
}
gpointer axolotl_get_object(gpointer object, const char *property) {
  gpointer value = NULL;
  g_object_get(object, property, &value, NULL);
  return value;
}
gulong axolotl_connect(
    gpointer object, const char *signal, GCallback handler, gpointer data, GClosureNotify release) {
  return g_signal_connect_data(object, signal, handler, data, release, (GConnectFlags)0);
}
void axolotl_set_description(
    GstElement *webrtc, const char *signal, GstWebRTCSessionDescription *description, GstPromise *promise) {
  g_signal_emit_by_name(webrtc, signal, description, promise);
}

void axolotl_create_answer(GstElement *webrtc, GstPromise *promise) {
  g_signal_emit_by_name(webrtc, "create-answer", NULL, promise);
}

void axolotl_add_candidate(GstElement *webrtc, guint media_line, const char *candidate) {
  g_signal_emit_by_name(webrtc, "add-ice-candidate", media_line, candidate);
}
GstWebRTCSessionDescription *axolotl_answer_of(GstPromise *promise) {
  const GstStructure *reply = gst_promise_get_reply(promise);
  GstWebRTCSessionDescription *answer = NULL;
  if (reply != NULL)
    gst_structure_get(reply, "answer", GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &answer, NULL);
  return answer;
}
gchar *axolotl_error_of(GstPromise *promise) {
  const GstStructure *reply = gst_promise_get_reply(promise);
  GError *error = NULL;
  gchar *text = NULL;
  if (reply == NULL || !gst_structure_has_field(reply, "error"))
    return NULL;
  gst_structure_get(reply, "error", G_TYPE_ERROR, &error, NULL);
  if (error != NULL) {
    text = g_strdup(error->message);
    g_error_free(error);
  }
  return text;
}

void axolotl_unref_element(GstElement *element) { gst_object_unref(element); }
void axolotl_add_to_bin(GstElement *bin, GstElement *element) { gst_bin_add((GstBin *)bin, element); }

struct AxolotlGate {
  GMutex lock;
  gboolean is_closed;
  guint association;
  /* The pipeline's sctpenc and sctpdec, each with a reference, until it is stopped. */
  GSList *elements;
};

static void clear_gate(gpointer gate) { g_mutex_clear(&((AxolotlGate *)gate)->lock); }
static void release_gate(gpointer gate) { g_atomic_rc_box_release_full(gate, clear_gate); }

static GstPadProbeReturn pass_event(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
  AxolotlGate *gate = data;
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) != GST_EVENT_RECONFIGURE) return GST_PAD_PROBE_OK;
  g_mutex_lock(&gate->lock);
  if (gate->is_closed) {
    gst_event_unref(event);
  } else {
    /* Here, not after this returns: so it is over before the gate can close. */
    GstObject *element = gst_object_get_parent(GST_OBJECT(pad));
    if (element) {
      GST_PAD_EVENTFUNC(pad)(pad, element, event);
      gst_object_unref(element);
    } else {
      gst_event_unref(event);
    }
  }
  g_mutex_unlock(&gate->lock);
  return GST_PAD_PROBE_HANDLED;
}

static GstPadProbeReturn pass_data(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
  AxolotlGate *gate = data;
  gboolean is_closed;
  (void)pad;
  (void)info;
  g_mutex_lock(&gate->lock);
  is_closed = gate->is_closed;
  g_mutex_unlock(&gate->lock);
  return is_closed ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

static void add_probe(GstElement *element, const gchar *name, GstPadProbeType type, GstPadProbeCallback probe,
                      AxolotlGate *gate) {
  GstPad *pad = gst_element_get_static_pad(element, name);
  gst_pad_add_probe(pad, type, probe, g_atomic_rc_box_acquire(gate), release_gate);
  gst_object_unref(pad);
}

static void guard_element(GstBin *pipeline, GstBin *parent, GstElement *element, gpointer data) {
  AxolotlGate *gate = data;
  GstElementFactory *factory = gst_element_get_factory(element);
  const gchar *name = factory ? GST_OBJECT_NAME(factory) : NULL;
  gboolean is_encoder = g_strcmp0(name, "sctpenc") == 0;
  (void)pipeline;
  (void)parent;
  if (!is_encoder && g_strcmp0(name, "sctpdec") != 0) return;
  g_object_set(element, "sctp-association-id", gate->association, NULL);
  g_mutex_lock(&gate->lock);
  if (!gate->is_closed) gate->elements = g_slist_prepend(gate->elements, gst_object_ref(element));
  g_mutex_unlock(&gate->lock);
  if (is_encoder)
    add_probe(element, "src", GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, pass_event, gate);
  else
    add_probe(element, "sink", GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, pass_data, gate);
}

static void release_gate_of_signal(gpointer gate, GClosure *closure) {
  (void)closure;
  release_gate(gate);
}

AxolotlGate *axolotl_guard_sctp(GstElement *pipeline, guint association) {
  AxolotlGate *gate = g_atomic_rc_box_new0(AxolotlGate);
  g_mutex_init(&gate->lock);
  gate->association = association;
  g_signal_connect_data(pipeline, "deep-element-added", G_CALLBACK(guard_element), g_atomic_rc_box_acquire(gate),
                        release_gate_of_signal, 0);
  return gate;
}

/* Lets an encoder's task and whoever is within it, waiting for room, go. To the function itself: a pad that was never
   active would drop the event. */
static void flush(GstElement *encoder) {
  GstPad *pad = gst_element_get_static_pad(encoder, "src");
  if (!pad) return; /* a decoder */
  GST_PAD_EVENTFUNC(pad)(pad, GST_OBJECT(encoder), gst_event_new_flush_start());
  gst_object_unref(pad);
}

/* Waits until no thread is within a decoder. None that comes later gets past the probe: both hold this lock. */
static void drain(GstElement *decoder) {
  GstPad *pad = gst_element_get_static_pad(decoder, "sink");
  if (!pad) return; /* an encoder */
  GST_PAD_STREAM_LOCK(pad);
  GST_PAD_STREAM_UNLOCK(pad);
  gst_object_unref(pad);
}

/* Ends the task of an encoder that did not come as far as to be stopped. */
static void stop_task(GstElement *encoder) {
  GstPad *pad = gst_element_get_static_pad(encoder, "src");
  if (!pad) return;
  if (GST_PAD_TASK(pad)) {
    flush(encoder);
    gst_pad_stop_task(pad);
  }
  gst_object_unref(pad);
}

void axolotl_stop_guarded(GstElement *pipeline, AxolotlGate *gate) {
  GSList *elements;
  g_mutex_lock(&gate->lock);
  gate->is_closed = TRUE;
  elements = gate->elements;
  gate->elements = NULL;
  g_mutex_unlock(&gate->lock);
  /* In this order: a thread within a decoder may wait for one that waits within an encoder. */
  for (GSList *each = elements; each; each = each->next) flush(each->data);
  for (GSList *each = elements; each; each = each->next) drain(each->data);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  for (GSList *each = elements; each; each = each->next) {
    gst_element_set_state(each->data, GST_STATE_NULL);
    stop_task(each->data);
  }
  g_slist_free_full(elements, gst_object_unref);
  release_gate(gate);
}

gchar *axolotl_plugin_folder(void) {
  Dl_info place;
  gchar *folder, *path;
  if (dladdr((void *)gst_init, &place) == 0 || place.dli_fname == NULL)
    return NULL;
  folder = g_path_get_dirname(place.dli_fname);
  path = g_build_filename(folder, "gstreamer-1.0", NULL);
  g_free(folder);
  return path;
}
