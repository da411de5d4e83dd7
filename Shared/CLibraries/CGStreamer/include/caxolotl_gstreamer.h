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

guint axolotl_get_number(gpointer object, const char *property);

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

/// What `axolotl_guard_sctp` makes.
typedef struct AxolotlGate AxolotlGate;

/// Keeps the SCTP elements that are added to `pipeline` from now on from what GStreamer 1.22 gets wrong when it stops them.
/// Each of the first four leaves a thread that waits for ever, and whoever stops or frees the pipeline waits for it; the
/// last one ends the process.
///
/// - webrtcbin draws the association's number at random. If another peer of the process has it, the encoder is not started,
///   its task is, and the phone does not connect. Here both elements have the number `association`; the caller sees to it
///   that no other pipeline of this process has the same. (Upstream: commit 4e4f8b7a79 of 2025, issue 4188.)
/// - An encoder that was not started is not stopped either (the same commit).
/// - sctpenc starts its task on a reconfigure event, also if it was stopped while the event was on its way. webrtcbin's own
///   thread links elements, which sends these events, until after its encoder was stopped.
/// - A thread that sends what the phone has no room for tries for ever, unless sctpdec happens to be stopped before sctpenc.
///   (Upstream: commit a1f0727186 of 2023.)
/// - sctpdec starts the task of a new stream's pad although it was stopped, and the pad removed, just before. (Not known
///   upstream.)
AxolotlGate *axolotl_guard_sctp(GstElement *pipeline, guint association);

/// Brings `pipeline` to the state NULL with no task left, and gives the gate back. What an encoder or a decoder is taking is
/// taken before; nothing else will be. To be called once.
void axolotl_stop_guarded(GstElement *pipeline, AxolotlGate *gate);

/// Where the plugins lie: beside libgstreamer itself, wherever the distribution put that. The caller frees it with
/// g_free; NULL if it cannot be told.
gchar *axolotl_plugin_folder(void);
