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
};

static void clear_gate(gpointer gate) { g_mutex_clear(&((AxolotlGate *)gate)->lock); }
static void release_gate(gpointer gate) { g_atomic_rc_box_release_full(gate, clear_gate); }

static GstPadProbeReturn pass_gate(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
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

static void guard_encoder(GstBin *pipeline, GstBin *parent, GstElement *element, gpointer gate) {
  GstElementFactory *factory = gst_element_get_factory(element);
  GstPad *pad;
  (void)pipeline;
  (void)parent;
  if (!factory || g_strcmp0(GST_OBJECT_NAME(factory), "sctpenc") != 0) return;
  pad = gst_element_get_static_pad(element, "src");
  if (!pad) return;
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, pass_gate, g_atomic_rc_box_acquire(gate), release_gate);
  gst_object_unref(pad);
}

static void release_gate_of_signal(gpointer gate, GClosure *closure) {
  (void)closure;
  release_gate(gate);
}

AxolotlGate *axolotl_guard_encoders(GstElement *pipeline) {
  AxolotlGate *gate = g_atomic_rc_box_new0(AxolotlGate);
  g_mutex_init(&gate->lock);
  g_signal_connect_data(pipeline, "deep-element-added", G_CALLBACK(guard_encoder), g_atomic_rc_box_acquire(gate),
                        release_gate_of_signal, 0);
  return gate;
}

void axolotl_close_gate(AxolotlGate *gate) {
  g_mutex_lock(&gate->lock);
  gate->is_closed = TRUE;
  g_mutex_unlock(&gate->lock);
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
