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

static void end_task(const GValue *item, gpointer unused) {
  GstPad *pad = GST_PAD(g_value_get_object(item));
  GstObject *element;
  gboolean has_task;
  (void)unused;
  GST_OBJECT_LOCK(pad);
  has_task = GST_PAD_TASK(pad) != NULL;
  GST_OBJECT_UNLOCK(pad);
  if (!has_task) return;
  /* The element takes what the task waits in, a queue say, to be flushed. Asked itself: its pad, which is not active any
     more, would not hand the event on. */
  element = gst_object_get_parent(GST_OBJECT(pad));
  if (element && GST_PAD_EVENTFUNC(pad)) GST_PAD_EVENTFUNC(pad)(pad, element, gst_event_new_flush_start());
  if (element) gst_object_unref(element);
  gst_pad_stop_task(pad);
}

static void end_tasks_of_element(const GValue *item, gpointer unused) {
  GstIterator *pads = gst_element_iterate_src_pads(GST_ELEMENT(g_value_get_object(item)));
  while (gst_iterator_foreach(pads, end_task, unused) == GST_ITERATOR_RESYNC) gst_iterator_resync(pads);
  gst_iterator_free(pads);
}

void axolotl_end_tasks(GstElement *bin) {
  GstIterator *all = gst_bin_iterate_recurse(GST_BIN(bin));
  while (gst_iterator_foreach(all, end_tasks_of_element, NULL) == GST_ITERATOR_RESYNC) gst_iterator_resync(all);
  gst_iterator_free(all);
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
