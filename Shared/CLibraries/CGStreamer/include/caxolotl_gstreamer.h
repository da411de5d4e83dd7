#pragma once
// webrtcbin's API has not been declared stable; it is what Debian ships.
#define GST_USE_UNSTABLE_API
#include <gst/gst.h>
#include <gst/webrtc/webrtc.h>
#include <nice/agent.h>

// What Swift cannot import: GObject's variadic functions, and macros with casts.

void axolotl_set_flag(gpointer object, const char *property, gboolean value);

void axolotl_set_number(gpointer object, const char *property, guint value);

void axolotl_set_text(gpointer object, const char *property, const char *value);

gint axolotl_get_enumeration(gpointer object, const char *property);

guint64 axolotl_get_unsigned64(gpointer object, const char *property);

/// The caller owns the text and frees it with g_free.
gchar *axolotl_get_text(gpointer object, const char *property);

/// The caller owns a reference.
gpointer axolotl_get_object(gpointer object, const char *property);

/// `release` is called with `data` when the connection is gone.
gulong axolotl_connect(
    gpointer object, const char *signal, GCallback handler, gpointer data, GClosureNotify release);

/// `signal`: set-remote-description or set-local-description.
void axolotl_set_description(
    GstElement *webrtc, const char *signal, GstWebRTCSessionDescription *description, GstPromise *promise);

void axolotl_create_answer(GstElement *webrtc, GstPromise *promise);

void axolotl_add_candidate(GstElement *webrtc, guint media_line, const char *candidate);

/// The answer that a promise of create-answer was fulfilled with, or NULL. The caller frees it.
GstWebRTCSessionDescription *axolotl_answer_of(GstPromise *promise);

/// What a promise was refused with, or NULL. The caller frees it with g_free.
gchar *axolotl_error_of(GstPromise *promise);

void axolotl_unref_element(GstElement *element);
void axolotl_add_to_bin(GstElement *bin, GstElement *element);

/// Ends the tasks that still run on source pads within `bin`, at any depth, after the bin itself was stopped: whoever frees
/// a pad with a task waits for that task, and a task that waits in turn never ends.
void axolotl_end_tasks(GstElement *bin);

/// Where the plugins lie: beside libgstreamer itself, wherever the distribution put that. The caller frees it with
/// g_free; NULL if it cannot be told.
gchar *axolotl_plugin_folder(void);
